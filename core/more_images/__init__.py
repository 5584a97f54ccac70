"""Would more images help? The same settings on a quarter, a half and all of the training images.

A few seeds each show how the score grows with the number of images; a fitted law says what more would bring.
"""

from core.more_images.answer import Answer as Answer
from core.more_images.answer import answer as answer
from core.more_images.answer import measured_in_words as measured_in_words
from core.more_images.measuring import DataCurve as DataCurve
from core.more_images.measuring import curve as curve
from core.more_images.needed import needed as needed
from core.more_images.study import SEEDS as SEEDS
from core.more_images.study import SHARES as SHARES
from core.more_images.study import Study as Study
from core.more_images.study import is_under_way as is_under_way
from core.more_images.study import labels as labels
from core.more_images.study import readable as readable
from core.more_images.study import start as start
from core.more_images.study import stop as stop
from core.more_images.study import time_left as time_left
