"""Rules of products of matrices, beside those that laws make."""
