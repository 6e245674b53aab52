"""What an operation may cost: checked on the document before it is validated and planned, on variables per request."""
