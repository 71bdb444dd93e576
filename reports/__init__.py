"""Records, combines and renders the outcome of a conformance run."""
