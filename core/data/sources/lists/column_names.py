"""What the names of columns mean, as Kaggle, Excel, Label Studio, Hugging Face and Roboflow write them.

Names are compared without case, blanks and signs: ``Image Index`` and ``image_index`` are one. Within
a role the names that say most stand first.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Role = Literal["file", "label", "split", "group", "name", "other", ""]

_FILES = (
    "file filename filenames path image filepath filepaths imagepath imagepaths imgpath imagefile imgfile "
    "imagefilename imagefilenames imagefilepath imgfilename imagename imagenames imgname fname images img "
    "imgs files paths photo photos photopath picture pictures pic src imageurl imgurl imageuri url uri "
    "relativepath relpath fullpath absolutepath imagelocation filelocation gcsuri imagefilegcsuri "
    "sourceref externalid datarow media mediapath asset "
    "datei dateiname dateipfad bild bildname fichier nomfichier archivo nombrearchivo imagen arquivo imagem "
    "immagine plik obraz файл изображение 文件 文件名 图片 图像 画像 "
    "imageid imgid imageids imageindex imagenumber idcode isicid photoid pictureid picid sampleid fileid "
    "itemid exampleid id ids uid uuid guid key index"
)
_LABELS = (
    "label labels class category target classname classlabel labelname categoryname classes categories "
    "targets y groundtruth gt truth annotation annotations tag tags choice choices species breed diagnosis "
    "genus family variety cultivar dx findinglabels finding findings disease diseases objectclass imageclass "
    "imagelabel labeltext classtext commonname scientificname speciesname breedname classid classindex "
    "labelid labelindex categoryid targetid targetname classnumber labelnumber labelcode classcode "
    "klasse kategorie etikett rasse classe categorie etiquette espece clase etiqueta categoria especie raza "
    "rotulo classificacao etichetta klasa kategoria etykieta класс метка категория порода "
    "标签 类别 种类 ラベル クラス"
)
_SPLITS = (
    "split set subset dataset datasplit phase partition part usage fold role purpose trainvaltest "
    "traintest trainortest traintestsplit splitname datasettype evalpartition aufteilung teil"
)
_TRAINING_FLAGS = "istrain istraining istrainingimage istrainingimg"
_GROUPS = (
    "group groupid patient patientid patientcode subject subjectid participant participantid personid "
    "individualid animalid donorid caseid case studyid study sessionid session videoid video videoname "
    "clipid clip sequenceid sequence seqid burstid burst seriesid series sceneid lesionid lesion slideid "
    "slide specimenid plantid treeid gruppe patientin patientennummer sujet paciente paziente"
)
_OTHERS = (
    "width height w h depth channels xmin ymin xmax ymax x x1 x2 y1 y2 bbox boundingbox area createdat "
    "updatedat leadtime annotator annotationid completedby date time datetime timestamp year month day lat "
    "lon lng latitude longitude md5 sha1 sha256 hash size bytes filesize format mode license licence author "
    "credit caption captions comment comments note notes description text prompt age confidence score "
    "probability weight unnamed0 rownumber row number nr no regioncount regionid regionshapeattributes "
    "fileattributes"
)


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name).casefold()
    letters = "".join(c for c in folded if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", letters))


def _ranks(words: str) -> dict[str, int]:
    return {_plain(word): rank for rank, word in enumerate(words.split())}


_RANKS: dict[Role, dict[str, int]] = {
    "file": _ranks(_FILES),
    "label": _ranks(_LABELS),
    "split": _ranks(f"{_SPLITS} {_TRAINING_FLAGS}"),
    "group": _ranks(_GROUPS),
    "name": {"name": 0, "title": 1},
    "other": _ranks(_OTHERS),
}
_FLAGS = frozenset(_ranks(_TRAINING_FLAGS))


def role(name: str) -> Role:
    """What a column of this name usually holds; "" for a name that is not known."""
    plain = _plain(name)
    return next((role for role, ranks in _RANKS.items() if plain in ranks), "")


def rank(name: str) -> int:
    """Of two columns of one role, the one with the lower rank is meant."""
    own = role(name)
    return _RANKS[own][_plain(name)] if own else len(_FILES)


def is_id(name: str) -> bool:
    """A name of a column of files that may also be the number of a row."""
    ranks = _RANKS["file"]
    return _plain(name) in ranks and rank(name) >= ranks["imageid"]


def is_label_itself(name: str) -> bool:
    """The column is called label: no other name has a better claim."""
    return _plain(name) in ("label", "labels")


def is_training_flag(name: str) -> bool:
    """The column says with 1 or 0 whether an image is for training."""
    return _plain(name) in _FLAGS


def unnamed(index: int) -> str:
    """The name of a column in a list whose first line names none; counted from 1 as people do."""
    return f"column-{index + 1}"
