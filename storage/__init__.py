"""Records in a database, pictures in a folder: what others may use of both.

Nothing is imported here: SQLAlchemy costs half a second, and a server that only
lists its tools needs none of it.
"""

__all__ = [
    "database",
    "database_file",
    "encryption",
    "export",
    "file_ids",
    "health",
    "holds",
    "input_files",
    "input_pictures",
    "job_claim",
    "job_journal",
    "legacy_import",
    "list_pages",
    "maintenance",
    "picture_files",
    "picture_list",
    "pixels",
    "preference_history",
    "records",
    "rewriting",
    "search",
    "shared_folder",
    "spending",
    "stamps",
    "tables",
    "vectors",
]  # fmt: skip
