"""The Your image page: an image of the user's own, explained and not kept."""
