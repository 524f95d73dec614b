"""The pointing game: does the map's peak fall on a marked finding, and do simpler guesses?"""
