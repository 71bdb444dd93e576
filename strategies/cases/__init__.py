"""Cases: the inputs of one family of operations each, made of the vocabulary in `strategies`."""
