"""Images that are collected in the lab: taken with the camera, dropped or pasted, or added from a prediction.

A collection is the folder of an upload with ``collected.jsonl`` beside its images: one line per change,
only ever appended, so that several browsers can add at once and nothing is lost by a crash.
"""
