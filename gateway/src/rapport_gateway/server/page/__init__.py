"""The web page for people: GraphiQL from a folder, with examples and a sign-in form. Off unless the folder is named."""
