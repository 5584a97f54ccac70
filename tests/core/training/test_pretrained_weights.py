"""The weights of pretrained networks are found, taken from a file, or downloaded whole or not at all."""

from __future__ import annotations

import hashlib
import re
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import h5py
import numpy as np
import pytest
import requests

from core.backbones import BACKBONES, Backbone, WeightsFile
from core.errors import LabError, NoWeights, Stopped
from core.processes import download
from core.training import pretrained_weights

SMALL = BACKBONES["mobilenet_v2_035"]


def weights_file(path: Path, backbone: Backbone = SMALL, *, older: bool = False, more: int = 0) -> Path:
    """A file with as many numbers as the network has, in Keras's present or older format."""
    with h5py.File(path, "w") as file:
        file.create_dataset("layers/a/vars/0", data=np.zeros(backbone.parameters + more, np.float32))
        if older:
            file.attrs["layer_names"] = ["a"]
    return path


@pytest.fixture(autouse=True)
def nothing_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("LAB_WEIGHTS", "LAB_IMAGENET_WEIGHTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


@pytest.mark.parametrize("variable", ["LAB_WEIGHTS", "LAB_IMAGENET_WEIGHTS"])
@pytest.mark.parametrize("by", ["file", "folder"])
def test_named_weights_are_found_whatever_their_name_and_kept_in_the_workspace(
    by: str, variable: str, tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    weights_file(folder / "another.h5", BACKBONES["mobilenet_v3_small"])
    path = weights_file(folder / "mine.weights.h5")
    monkeypatch.setenv(variable, str(path if by == "file" else folder))
    assert pretrained_weights.find(SMALL) == path
    kept = pretrained_weights.get(SMALL)
    assert kept == workspace / "weights" / "mobilenet_v2_035.weights.h5"
    assert pretrained_weights.fingerprint(kept) == pretrained_weights.fingerprint(path)
    monkeypatch.delenv(variable)
    shutil.rmtree(folder)
    assert pretrained_weights.get(SMALL) == kept


def test_weights_that_keras_has_downloaded_are_used(tmp_path: Path, workspace: Path) -> None:
    cached = tmp_path / "keras" / "models" / SMALL.file.name
    cached.parent.mkdir(parents=True)
    weights_file(cached, older=True)
    assert pretrained_weights.get(SMALL) == workspace / "weights" / "mobilenet_v2_035.h5"


def test_a_file_is_recognised_by_its_content_and_replaces_the_one_before(
    tmp_path: Path, workspace: Path
) -> None:
    large = BACKBONES["mobilenet_v3_large"]
    path = weights_file(tmp_path / "download (1).h5", large, older=True)
    assert pretrained_weights.use_file(path) == large
    assert pretrained_weights.find(large) == workspace / "weights" / "mobilenet_v3_large.h5"
    pretrained_weights.use_file(weights_file(tmp_path / "newer.h5", large))
    assert [path.name for path in (workspace / "weights").iterdir()] == ["mobilenet_v3_large.weights.h5"]


def test_a_file_of_another_network_or_none_is_refused_with_what_is_expected(tmp_path: Path) -> None:
    for path in (weights_file(tmp_path / "with_top.h5", more=1_281_000), tmp_path / "photo.jpg"):
        path.touch()
        with pytest.raises(LabError, match=rf"{path.name} does not hold the weights.*no_top\.h5"):
            pretrained_weights.use_file(path)


def test_a_named_file_without_the_weights_is_said_and_nothing_is_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_WEIGHTS", str(tmp_path / "nowhere.h5"))
    with pytest.raises(NoWeights, match=r"nowhere\.h5, which has no weights of ResNet50V2.*own CNN"):
        pretrained_weights.get(BACKBONES["resnet50_v2"])


class _Server(BaseHTTPRequestHandler):
    """Serves the weights at /whole; the other addresses have faults."""

    content = b""

    def do_GET(self) -> None:
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content[: 1000 if self.path == "/broken" else None])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Backbone]:
    """The small network, with the address of a server on this machine."""
    _Server.content = weights_file(tmp_path / "served.h5", older=True).read_bytes()
    server = HTTPServer(("127.0.0.1", 0), _Server)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    digest = f"sha256:{hashlib.sha256(_Server.content).hexdigest()}"
    url = f"http://127.0.0.1:{server.server_port}/whole"
    yield replace(SMALL, file=WeightsFile(url, len(_Server.content), digest))
    server.shutdown()


def test_a_download_reports_its_progress_and_is_kept(served: Backbone, workspace: Path) -> None:
    steps: list[tuple[int, int]] = []
    kept = pretrained_weights.get(served, progress=lambda step, done, total: steps.append((done, total)))
    assert kept.read_bytes() == _Server.content
    assert steps[-1][0] == steps[-1][1] == len(_Server.content) // 1000
    assert [path.name for path in kept.parent.iterdir()] == ["mobilenet_v2_035.h5"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"bytes": 7}, r"downloaded: 1\.7 MB arrived instead of 7 bytes\. Take the file"),
        ({"digest": "md5:0"}, "is not the file that Keras published"),
        ({"url": "/missing"}, "127.0.0.1 answered 404 Not Found"),
        ({"url": "/broken"}, "the connection to 127.0.0.1 was lost"),
    ],
)
def test_a_faulty_download_is_explained_and_leaves_nothing(
    changes: dict[str, object], reason: str, served: Backbone, workspace: Path
) -> None:
    if "url" in changes:
        changes = {"url": served.file.url.replace("/whole", str(changes["url"]))}
    broken = replace(served, file=replace(served.file, **changes))
    with pytest.raises(NoWeights, match=reason):
        pretrained_weights.get(broken)
    assert list((workspace / "weights").iterdir()) == []


def test_a_download_stops_on_request(served: Backbone, workspace: Path) -> None:
    with pytest.raises(Stopped):
        pretrained_weights.get(served, should_stop=lambda: True)
    assert list((workspace / "weights").iterdir()) == []


@pytest.mark.parametrize(
    ("proxy", "reason"),
    [("", r"no connection to 192\.0\.2\.1"), ("http://127.0.0.1:9", "no connection to the proxy 127.0.0.1")],
)
def test_without_a_connection_one_sentence_says_so_within_seconds(
    proxy: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "CONNECT_SECONDS", 0.3)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    offline = replace(SMALL, file=WeightsFile("https://192.0.2.1/a.h5", 1))  # RFC 5737: leads nowhere
    started = time.monotonic()
    with pytest.raises(NoWeights, match=reason) as said:
        pretrained_weights.get(offline)
    assert time.monotonic() - started < 5
    assert str(said.value).endswith("The own CNN needs no weights.")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (requests.exceptions.SSLError(), "the certificate of host is not trusted here.*REQUESTS_CA_BUNDLE"),
        (requests.exceptions.ProxyError(), "the proxy of this network refuses the connection to host"),
        (requests.exceptions.ReadTimeout(), "host sent nothing for 20 s"),
    ],
)
def test_faults_of_a_connection_are_put_in_words(error: requests.RequestException, words: str) -> None:
    assert re.match(words, download._in_words(error, "host"))
