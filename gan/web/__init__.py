"""The page without a server: static/ is what a visitor's browser gets, site.py puts a model's files beside it."""
