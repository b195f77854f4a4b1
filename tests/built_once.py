"""What is the same in every test, built once in a process: it takes longer than most tests do.

Each worker of the tests has it, and so have the forks (`tests.forks`). None of it decides
anything: tools, validators, prompt files, placeholders, tables and the text of SQL come out
the same each time.
"""

import functools
import gc
import json
import ssl
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from mcp.client.session import ClientSession
from openai.types.responses import Response
from PIL import Image
from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import configure_mappers
from sqlalchemy.util import LRUCache

import server
from generation import picture_facts, preview
from prompts.store import PromptStore
from sandbox import placeholder
from storage import schema_upgrade, sqlite_driver
from tools.view import view_tools

IMPORTED = [
    "anyio._backends._asyncio", "cli.export", "cli.serve", "consultation.consultant",
    "consultation.consultation_text", "consultation.conversation_list", "consultation.facilitator",
    "fastmcp.server.middleware.dereference", "fastmcp.server.sessions", "gateway.client",
    "generation.drawing", "generation.verifier", "griffe", "httpcore2", "jsonschema",
    "openai.lib.streaming.responses", "openai.resources.responses.responses", "PIL.Image",
    "PIL.JpegImagePlugin", "PIL.PngImagePlugin", "storage.maintenance", "storage.records",
    "storage.rewriting", "tests.calls", "tests.crowd", "tests.forks", "transports.stdio",
]  # fmt: skip
"""What nearly every test needs, and the product imports on the first call."""

MIGRATIONS = schema_upgrade.MIGRATIONS
MANY_STATEMENTS = 1000
"""More than there are; a cache that overflows is emptied by half."""

MANY_PICTURES = 60
"""Neighbouring tests draw the same words; of a placeholder 50 kB stay, of a small copy 3 MB."""


def build(patch: pytest.MonkeyPatch) -> None:
    """Build it, for as long as the patch lasts."""
    for name, tools in server.TOOLSETS.items():
        patch.setitem(server.TOOLSETS, name, functools.cache(tools))
    patch.setattr(server, "view_tools", functools.cache(view_tools))
    # Each client of OpenAI reads a bundle of certificates, also where it speaks to loopback alone.
    patch.setattr(ssl, "create_default_context", functools.cache(ssl.create_default_context))
    patch.setattr(ClientSession, "_output_schema_validator", _validators())
    patch.setattr(schema_upgrade, "_run", _migrations())
    patch.setattr(sqlite_driver, "make_engine", _engines())
    patch.setattr(placeholder, "_stages", _placeholders())
    read = functools.lru_cache(MANY_PICTURES)(picture_facts.read_facts)
    patch.setattr("generation.purchase.read_facts", read)
    patch.setattr(preview, "small_copy", _small_copies())
    # A statement's text is looked up by its dialect, of which each database has one of its own.
    patch.setattr(SQLiteDialect_aiosqlite, "__eq__", lambda one, other: type(one) is type(other))
    patch.setattr(SQLiteDialect_aiosqlite, "__hash__", lambda one: hash(type(one)))
    for name in IMPORTED:
        import_module(name)
    Response.model_rebuild()
    configure_mappers()
    prompts = PromptStore()
    prompts.image_types()
    prompts.library_templates()
    gc.collect()
    gc.freeze()  # what is imported stays: to walk it again and again was a tenth of all the time


def _validators() -> Callable[[ClientSession, str, dict[str, Any]], Any]:
    compile_validator, known = ClientSession._output_schema_validator, {}

    def validator(session: ClientSession, name: str, schema: dict[str, Any]) -> Any:
        key = json.dumps(schema)
        if key not in known:
            known[key] = compile_validator(session, name, schema)
        return known[key]

    return validator


def _placeholders() -> Callable[..., list[bytes]]:
    """Placeholders, of which the same words in the same form give the same."""
    paint = placeholder._stages
    known = LRUCache[Any, list[bytes]](MANY_PICTURES)

    def stages(words: str, size: Any, source: Any, sources: Any, tool: Any, **form: Any) -> Any:
        key = (words, size, sources, json.dumps(tool), *form.values())
        if key not in known:
            known[key] = paint(words, size, source, sources, tool, **form)
        return list(known[key])

    return stages


def _small_copies() -> Callable[[bytes, int], Image.Image | None]:
    """Small copies, each a copy of its own, since a sheet may draw upon them."""
    known = functools.lru_cache(MANY_PICTURES // 4)(preview.small_copy)

    def small_copy(data: bytes, edge: int) -> Image.Image | None:
        image = known(data, edge)
        return image and image.copy()

    return small_copy


def _engines() -> Callable[..., AsyncEngine]:
    """Engines that share the text of the statements that were compiled for any of them."""
    make_engine = sqlite_driver.make_engine
    statements = LRUCache[Any, Any](MANY_STATEMENTS)

    def make(*arguments: Any) -> AsyncEngine:
        engine = make_engine(*arguments)
        engine.sync_engine._compiled_cache = statements
        return engine

    return make


def _migrations() -> Callable[[Connection], None]:
    """Migrate a database with Alembic once, and make what came of it anew in each other one."""
    migrate = schema_upgrade._run
    made = (
        "SELECT sql FROM sqlite_master WHERE sql <> '' AND name NOT LIKE 'texts_index_%' UNION ALL "
        "SELECT 'INSERT INTO alembic_version VALUES (''' || version_num || ''')' "
        "FROM alembic_version"
    )
    with create_engine("sqlite://").begin() as connection:
        migrate(connection)
        statements = list(connection.exec_driver_sql(made).scalars())

    async def say(driver: Any) -> None:
        await driver._execute(lambda: [driver._conn.execute(one).close() for one in statements])

    def run(connection: Connection) -> None:
        if inspect(connection).get_table_names() or schema_upgrade.MIGRATIONS != MIGRATIONS:
            migrate(connection)
        else:  # all in one visit to the driver's thread: one each was a tenth of a second
            connection.connection.dbapi_connection.run_async(say)  # type: ignore[union-attr]

    return run
