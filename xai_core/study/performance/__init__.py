"""How well the classifier does: overall, by groups of cases, and whether its probabilities hold."""
