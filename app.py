"""What a server or a command stands on, each part built when it is first needed.

A server that only lists its tools imports neither the OpenAI SDK nor SQLAlchemy, Pillow
or Jinja.
"""

import asyncio
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from settings import Settings

if TYPE_CHECKING:
    from consultation.consultant import Consultant
    from consultation.earlier_work import EarlierWork, SemanticSearch
    from consultation.style_dialogue import StyleDialogue
    from gateway.client import Gateway
    from generation.drawing import ImageGenerator
    from prompts.store import PromptStore
    from sandbox.loopback import Sandbox
    from storage.database import Database
    from storage.input_files import InputFiles
    from storage.maintenance import Maintenance
    from storage.picture_files import SmallCopies
    from storage.picture_list import PictureList
    from storage.records import Records
    from storage.search import Search
    from styles.extraction import StyleExtractor
    from styles.style_offer import StyleOffers
    from styles.style_store import StyleStore

LAST_SECONDS = 6.0
"""How long a server that is to end waits for what it has paid for: supervisors kill after ten,
and the next server collects what OpenAI has."""

LETTING_GO_SECONDS = 1.0
"""How long what is cut off may write down what it was charged: usually some milliseconds, and
with those above it ends before the eight after which `transports/process.py` breaks off."""


class App:
    """What one server stands on, for as long as it runs."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._last_notice: str | None = None
        self._hurries = False

    @property
    def _reserve(self) -> Path:
        """Where pictures go when the images folder cannot be written."""
        return self.settings.data_dir / "pictures"

    @cached_property
    def database(self) -> "Database":
        """The file of all records."""
        from storage.database import Database
        from storage.encryption import cipher_for

        return Database(self.settings.data_dir, cipher_for(self.settings))

    @cached_property
    def records(self) -> "Records":
        """Reads and writes of conversations, pictures and spending."""
        from storage.records import Records

        return Records(self.database)

    @cached_property
    def search(self) -> "Search":
        """Finds conversations by their words."""
        from storage.search import Search

        return Search(self.database)

    @cached_property
    def picture_list(self) -> "PictureList":
        """Lists the pictures of all conversations."""
        from storage.picture_list import PictureList

        return PictureList(self.database)

    @cached_property
    def maintenance(self) -> "Maintenance":
        """Rates, marks and deletes records where a person asks for it."""
        from storage.maintenance import Maintenance

        folders = [self.settings.images_dir, self._reserve]
        return Maintenance(self.database, folders, self.small_copies)

    @cached_property
    def semantic_search(self) -> "SemanticSearch":
        """Finds conversations by their meaning."""
        from consultation.earlier_work import SemanticSearch
        from storage.vectors import Vectors

        return SemanticSearch(
            self.settings, self.gateway, self.records, self.search, Vectors(self.database)
        )

    @cached_property
    def earlier_work(self) -> "EarlierWork":
        """Finds earlier pictures that are close to an idea."""
        from consultation.earlier_work import EarlierWork

        return EarlierWork(self.settings, self.search, self.semantic_search, self.records)

    @cached_property
    def gateway(self) -> "Gateway":
        """The client of OpenAI, or of the sandbox."""
        from gateway.client import Gateway

        return Gateway(self.settings, lambda: self.sandbox.base_url)

    @cached_property
    def sandbox(self) -> "Sandbox":
        """The stand-in for OpenAI, started where the settings ask for it."""
        from sandbox.loopback import Sandbox

        sandbox = Sandbox()
        sandbox.start()
        return sandbox

    @cached_property
    def input_files(self) -> "InputFiles":
        """Reads input pictures, from the folders that they may come from."""
        from storage.input_files import InputFiles

        settings = self.settings
        bases = [settings.images_dir, *settings.input_dirs]
        return InputFiles(bases, settings.data_dir / "references", settings.input_folders)

    @cached_property
    def small_copies(self) -> "SmallCopies":
        """Pictures as small as a screen shows them."""
        from storage.picture_files import SmallCopies

        return SmallCopies(self.settings.data_dir / "small-copies")

    @cached_property
    def prompt_store(self) -> "PromptStore":
        """The prompt files, the person's own before those that are shipped."""
        from prompts.store import PromptStore

        return PromptStore(self.settings.templates_dir, styles=self._style_names)

    def _style_names(self) -> list[str]:
        """The styles that a template may name, looked up only once one does."""
        return self.style_store.usable_names()

    @cached_property
    def style_store(self) -> "StyleStore":
        """The styles, the person's own before those that are shipped."""
        from styles.style_store import StyleStore

        return StyleStore(self.settings.styles_dir)

    @cached_property
    def style_extractor(self) -> "StyleExtractor":
        """Makes styles of pictures."""
        from styles.extraction import StyleExtractor

        return StyleExtractor(
            self.settings,
            self.gateway,
            self.records,
            prompt_store=self.prompt_store,
            input_files=self.input_files,
            style_store=self.style_store,
        )

    @cached_property
    def style_offers(self) -> "StyleOffers":
        """Offers to make a style of pictures that a person likes."""
        from styles.style_offer import StyleOffers

        return StyleOffers(
            self.settings,
            self.gateway,
            self.records.preference_history,
            small_copies=self.small_copies,
            style_store=self.style_store,
        )

    @cached_property
    def consultant(self) -> "Consultant":
        """Holds the dialogues."""
        from consultation.consultant import Consultant
        from consultation.facilitator import Facilitator
        from consultation.template_dialogue import TemplateDialogue

        shared = (self.settings, self.gateway, self.records, self.prompt_store, self.input_files)
        return Consultant(
            self.settings,
            self.records,
            self.input_files,
            facilitator=Facilitator(*shared),
            template_dialogue=TemplateDialogue(*shared, style_store=self.style_store),
            prompt_store=self.prompt_store,
            earlier_work=self.earlier_work,
        )

    @cached_property
    def style_dialogue(self) -> "StyleDialogue":
        """Applies styles to words and conversations."""
        from consultation.style_dialogue import StyleDialogue

        return StyleDialogue(self.consultant, self.records, self.style_store)

    @cached_property
    def image_generator(self) -> "ImageGenerator":
        """Draws, changes and collects pictures."""
        from generation.drawing import ImageGenerator
        from generation.input_images import InputResolver
        from generation.orders import Orders
        from generation.purchase import Buyer
        from generation.verifier import Verifier
        from storage.picture_files import PictureFiles

        settings, gateway, records, prompts = (
            self.settings, self.gateway, self.records, self.prompt_store
        )  # fmt: skip
        pictures = PictureFiles(settings.images_dir, self._reserve)
        inputs = InputResolver(gateway, records, self.input_files, self.style_store)
        verifier = Verifier(settings, gateway, records, prompts)
        buyer = Buyer(gateway, records, pictures, inputs, verifier, settings)
        orders = Orders(settings, gateway, records, prompts, pictures, inputs)
        return ImageGenerator(settings, records, prompts, orders, buyer, verifier)

    def news(self) -> list[str]:
        """What the person has to know of their records, once: that they were damaged."""
        notice = self.database.notice
        last, self._last_notice = self._last_notice, notice
        return [notice] if notice and notice != last else []

    def unfinished(self) -> "list[asyncio.Task[Any]]":
        """The turns and drawings that are to end before the server does: they are paid for."""
        in_use = self.__dict__  # a cached property stands here once it was used
        tasks: list[asyncio.Task[Any]] = []
        if "consultant" in in_use:
            tasks += self.consultant.turns.wind_down()
        if "image_generator" in in_use:
            tasks += self.image_generator.jobs.wind_down()
        return [task for task in tasks if not task.done()]

    def hurry(self) -> None:
        """Have `close` wait no longer for what is under way. It is let go of, so that whoever
        meets it next need not wait until its heartbeat is old."""
        self._hurries = True
        for task in self.unfinished():
            if not task.cancelling():  # once more, and it could not write down what it has
                task.cancel()

    async def close(self) -> None:
        """Finish what is paid for, though not for ever, then close what was opened."""
        in_use = self.__dict__
        if (tasks := self.unfinished()) and not self._hurries:
            # What our own sandbox draws nobody collects later: it ends with us.
            await asyncio.wait(tasks, timeout=None if "sandbox" in in_use else LAST_SECONDS)
            if not self._hurries:
                self.hurry()
        if late := self.unfinished():
            await asyncio.wait(late, timeout=LETTING_GO_SECONDS)
        if "gateway" in in_use:
            await self.gateway.close()
        if "database" in in_use:
            await self.database.close()
        if "sandbox" in in_use:
            self.sandbox.stop()
