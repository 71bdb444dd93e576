"""What runs the rules and watches them: the decorator, targets, options, recording, isolation, scripts."""
