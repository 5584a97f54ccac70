"""What names of files and folders say: a split, an image, or something that tools leave behind."""

from __future__ import annotations

import posixpath
import re
import unicodedata

IMAGE_SUFFIXES = frozenset(
    [".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".ppm", ".pgm"]
)
OTHER_IMAGE_SUFFIXES = frozenset(
    [".jfif", ".jpe", ".jp2", ".heic", ".heif", ".hif", ".jxl", ".dng", ".cr2", ".nef", ".arw", ".tga"]
)
"""Images too, though not all of them can be read: each is listed with the reason."""
_ALL_IMAGE_SUFFIXES = IMAGE_SUFFIXES | OTHER_IMAGE_SUFFIXES
_OTHER_FILES = (
    ".txt .md .rst .pdf .doc .docx .rtf .html .htm .xml .json .jsonl .yaml .yml .csv .tsv .xls .xlsx "
    ".ods .db .ini .lnk .url .log .py .ipynb .m .r .sh .bat .mat .npy .npz .pkl .h5 .hdf5 .parquet "
    ".zip .tar .gz .tgz .7z .rar .mp4 .avi .mov .mkv .mp3 .wav .exe .dll .sqlite .cfg .toml .names "
    ".data .bib .tex .info .part .crdownload .tmp .bak .md5 .sha256 .tfrecord .pt .pth .keras .svg "
    ".ps .eps .ai .psd .xcf"
)
_OTHER_SUFFIXES = frozenset(_OTHER_FILES.split())
_SYSTEM_FILES = frozenset(["thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r", "picasa.ini"])
_TOOL_FOLDERS = frozenset(
    [
        "__macosx",
        "@eadir",
        "#recycle",
        "$recycle.bin",
        "system volume information",
        "lost+found",
        "#snapshot",
        "__pycache__",
        "node_modules",
        "@tmp",
    ]
)
_SPLIT_WORDS = {
    "train": "train training trainings trn learning entrenamiento entrainement apprentissage addestramento "
    "treino treinamento treinar antrenament trening treningowy trenowanie uczenie egitim traning opplaering "
    "trainieren lernen обучение обучающая тренировка 训练 訓練 学習 훈련 학습",
    "validation": "val valid validation validate validating dev devel development cv validierung validacion "
    "validacao validazione validatie walidacja walidacyjny validering validare dogrulama валидация 验证 驗證 "
    "検証 검증",
    "test": "test testing tst eval evaluation holdout prueba pruebas teste testes prova essai toets testowy "
    "evaluacion evaluacao valutazione тест тестовая 测试 測試 テスト 评估 評価 테스트",
}
_ROLES = {word: role for role, words in _SPLIT_WORDS.items() for word in words.split()}
_UNSPACED = {word: role for word, role in _ROLES.items() if not word.isascii() and ord(word[0]) > 0x2E80}
_ENDINGS = re.compile(
    r"(?<=...)(sets?|data|dataset|images?|imgs?|pictures|photos|splits?|folders?|dir|samples?|daten|bilder)$"
)


def split_named(name: str) -> str:
    """The split that a folder's name means, ``train``, ``validation`` or ``test``; "" for none or several.

    ``training_set``, ``seg_train``, ``TestImages``, ``val2017``, ``entraînement`` and ``训练集`` are known.
    """
    camel = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    plain = unicodedata.normalize("NFKD", camel).casefold()
    words = re.findall(r"[^\W\d_]+", "".join(c for c in plain if not unicodedata.combining(c)))
    roles = {_ROLES.get(word) or _ROLES.get(_ENDINGS.sub("", word)) for word in words}
    folded = unicodedata.normalize("NFC", name)
    roles |= {role for word, role in _UNSPACED.items() if word in folded}
    return (roles - {None}).pop() or "" if len(roles - {None}) == 1 else ""


def is_image(name: str) -> bool:
    """A file with an image's suffix."""
    return _suffix(name) in _ALL_IMAGE_SUFFIXES


def may_be_image(name: str) -> bool:
    """A file that is worth opening where images lie: no suffix that belongs to something else."""
    return _suffix(name) not in _OTHER_SUFFIXES


def _suffix(name: str) -> str:
    """``.jpg`` of ``cats/1.JPG``; as ``PurePosixPath.suffix``, but six times as fast."""
    return posixpath.splitext(name)[1].lower()


def is_left_by_tools(part: str) -> bool:
    """A file or folder that systems and tools leave behind; hidden ones count as such."""
    return part.startswith(".") or part.casefold() in _SYSTEM_FILES | _TOOL_FOLDERS


_PLAIN = (
    "images image imgs img jpg jpeg jpegs png tif photos photo pictures picture raw files data dataset part "
    "parts batch resized cropped unlabeled unlabelled"
)
_PLAIN_WORDS = frozenset(_PLAIN.split())


def is_plain_folder(name: str) -> bool:
    """A folder's name that names no class, but what is in it or for which split: ``train_images``."""
    words = re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).casefold())
    return bool(split_named(name)) or not _PLAIN_WORDS.isdisjoint(words)
