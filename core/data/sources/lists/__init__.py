"""Lists of images and their classes, as Kaggle, spreadsheets and labelling tools write them."""
