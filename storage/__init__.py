"""What is kept: records in a database, pictures in a folder.

Nothing is imported here: SQLAlchemy costs half a second, and a server that only
lists its tools needs none of it.
"""
