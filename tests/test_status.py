"""What openai_status tells Claude: the same as doctor, in text as in data, and no secret."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import SecretStr

from sandbox.loopback import Sandbox
from settings import Settings
from storage.database import Database
from storage.spending import Ledger
from tests.calls import data_of, draw, picture, text_of
from tests.conftest import KEY, Connect
from tools.output_schemas import output_schema

ABOUT = {"toolsets": ["about"]}


async def told(connect: Connect, mode: str = "auto", **changes: Any) -> tuple[dict[str, Any], str]:
    """The status as data and as text."""
    async with connect(mode, **ABOUT, **changes) as client:
        called = await client.call_tool("openai_status", {})
    return data_of(called), text_of(called)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_text_and_data_each_tell_all_of_it_and_openai_is_not_asked(
    connect: Connect, settings: Settings, sandbox: Sandbox, mode: str
) -> None:
    data, text = await told(connect, mode, input_dirs=[settings.data_dir / "in"])

    jsonschema.validate(data, output_schema("status"))
    shown = [data["key"], data["images_folder"], data["records_folder"], data["templates_folder"],
             *data["input_folders"], *(model["told"] for model in data["models"]),
             *(found["told"] for found in data["findings"])]  # fmt: skip
    assert [piece for piece in shown if piece not in text] == []
    assert any(found["name"] == "input folders" for found in data["findings"])
    assert sandbox.requests == []


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_no_secret_is_told_wherever_it_was_put(connect: Connect, mode: str) -> None:
    data, text = await told(
        connect,
        mode,
        openai_base_url=f"http://person:{KEY}@127.0.0.1:9/v1",
        openai_org_id="org-0123456789",
        records_passphrase=SecretStr("a passphrase"),
        images_dir=Path("/nowhere") / KEY,
        image_model=KEY,
    )

    for secret in (KEY, KEY[:8], KEY[-4:], "org-0123456789", "a passphrase", "person:"):
        assert secret not in f"{data}{text}"


async def test_the_key_is_told_by_its_source_alone(
    connect: Connect, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    of_environment, _ = await told(connect)
    of_file, _ = await told(connect, openai_api_key=SecretStr("sk-another-key-of-the-file"))
    missing, text = await told(connect, openai_api_key=None)
    sandboxed, _ = await told(connect, openai_api_key=None, sandbox=True)

    assert of_environment["key"] == "OPENAI_API_KEY comes from the environment."
    assert of_file["key"] == f"OPENAI_API_KEY comes from {settings.data_dir / '.env'}."
    assert "image-consultant configure" in missing["key"]
    assert "problem: key: There is none." in text
    assert "needs none" in sandboxed["key"]


async def test_spending_and_missing_pictures_are_told(connect: Connect) -> None:
    async with connect(toolsets=["all"], daily_budget_usd=0.5) as client:
        drawn = await draw(client, prompt="a red fox", dialogue_mode="skip")
        picture(drawn).unlink()
        data = data_of(await client.call_tool("openai_status", {}))

    assert data["spent_today_usd"] == pytest.approx(drawn["spent_today_usd"], abs=1e-4)
    assert data["origin"] == "sandbox"
    assert any("were moved or deleted" in found["told"] for found in data["findings"])


async def test_every_model_that_can_be_set_is_listed_with_its_last_day(connect: Connect) -> None:
    data, text = await told(connect)

    ends = {model["name"]: model["shutdown"] for model in data["supported_models"]}
    assert ends["gpt-image-2"] is None
    assert ends["gpt-4o"] == "2027-01-14"
    assert "dall-e-3" not in ends
    assert "text-embedding-3-small" not in ends
    assert "gpt-4o (until 2027-01-14, then gpt-6-luna)" in text
    assert [name for name in ends if name not in text] == []


async def test_what_earlier_work_saved_is_told(connect: Connect, settings: Settings) -> None:
    async with connect(**ABOUT):
        database = Database(settings.data_dir)
        await Ledger(database).note_reuse("shown", origin="openai", usd=0.04)
        await database.close()

    data, text = await told(connect)

    assert data["reused"] == [{"kind": "shown", "count": 1, "usd": 0.04}]
    assert "Earlier work was shown again free once, which saved $0.0400." in text
