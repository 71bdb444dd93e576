"""The forms of an operation agree: function, method, keywords."""

from conformance.law import has, law
from reports.model import Need


@law("method", of=has("method"), needs=[Need.VALUES])
def method(operation, case):
    """As a method of its first argument, {operation} gives what it gives as a function."""
    for output, result in zip(operation.outputs(case, form="method"), operation.results(case), strict=True):
        operation.expects(output, result)


@law("keywords", of=has("keywords"), needs=[Need.VALUES], manner=True)
def keywords(operation, case):
    """{operation} takes its arguments by the names that its signature gives them."""
    for output, result in zip(operation.outputs(case, form="keywords"), operation.results(case), strict=True):
        operation.expects(output, result)
