"""The command `styles`: what pictures look like, kept to be used again."""

from cyclopts import App
from rich.markup import escape

from cli import terminal as show
from settings import load_settings
from styles.style_file import Style
from styles.style_store import StyleStore

app = App(name="styles", help="List, show and delete styles: what pictures look like.")


def _store() -> StyleStore:
    return StyleStore(load_settings().styles_dir)


@app.command(name="list")
def list_(*, as_json: show.AsJson = False) -> None:
    """List all styles: shipped, your own, broken.

    Args:
        as_json: Print JSON.
    """
    store = _store()
    styles = [*store.styles()]
    if as_json:
        show.data([
            {"name": name, "own": store.is_own(name), "note": one.note, "tags": one.tags,
             "aspects": [*one.words], "fault": ""}
            if isinstance(one, Style)
            else {"name": name, "own": store.is_own(name), "note": "", "tags": [], "aspects": [],
                  "fault": str(one)}
            for name, one in styles
        ])  # fmt: skip
        return
    for name, one in styles:
        whose = "own" if store.is_own(name) else "shipped"
        if isinstance(one, Style):
            show.whole(f"{name}  {whose}: {', '.join(one.words)}", "bold")
            show.line(f"    {one.note}")
        else:
            show.console.print(f"[red]Broken, so not used:[/red] {escape(str(one))}")
    folder = load_settings().styles_dir
    show.console.print(f"\nYour own styles lie in {escape(str(folder))}.")


@app.command(name="show")
def show_(name: str, /, *, as_json: show.AsJson = False) -> None:
    """Print a style as its file says it.

    Args:
        name: Such as linocut; `image-consultant styles list` names all.
        as_json: Print JSON.
    """
    store = _store()
    if as_json:
        show.data(store.style(name).model_dump(mode="json", by_alias=True))
        return
    show.block(store.source(name))


@app.command
def delete(name: str, /) -> None:
    """Delete a style of your own, with its sample pictures.

    Args:
        name: Such as harbour_light.
    """
    _store().delete(name)
    show.line(f"The style {name} is deleted.")
