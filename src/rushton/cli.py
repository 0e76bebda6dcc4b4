"""The command ``rushton``: new | check | run | report | design | compare | panel | list.

Whatever a user can get wrong ends in one message (what, where, how to mend it) and exit status 2; Ctrl-C in 130. Only
typer and rich are imported here at the start: a help page must not wait for numba and VTK.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec, TypeVar

import typer
from rich.markup import escape

from rushton.errors import CaseError, ModelError, RushtonError, SolverError
from rushton.headline import headline
from rushton.terminal import err, listening, one_bar, out, watching

if TYPE_CHECKING:
    from rushton.case import Case
    from rushton.pipeline import Results

app = typer.Typer(
    help="From a stirred tank and a strain to a lab protocol: flow, gradients, lifelines, response, scale-down.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
P = ParamSpec("P")
R = TypeVar("R")


def command(function: Callable[P, R]) -> Callable[P, R]:
    """A command whose every refusal is one message and exit status 2, and Ctrl-C one line and exit status 130."""

    @wraps(function)
    def spoken(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except RushtonError as error:
            err.print("[bold red]Error[/] " + escape(str(error)), soft_wrap=True)
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            err.print("Stopped. Finished stages are kept; run the same command to continue.")
            raise typer.Exit(130) from None

    return spoken


class Quality(StrEnum):
    """How fine the mesh is and how many cells are followed."""

    draft = "draft"
    standard = "standard"
    fine = "fine"


class StageName(StrEnum):
    """Stages of a run, in their order."""

    mesh = "mesh"
    flow = "flow"
    aeration = "aeration"
    mixing = "mixing"
    substrate = "substrate"
    gas = "gas"
    feed_study = "feed_study"
    refine = "refine"
    lifelines = "lifelines"
    environment = "environment"
    response = "response"
    sensitivity = "sensitivity"
    scaledown = "scaledown"
    report = "report"


class Listing(StrEnum):
    """What `rushton list` can show."""

    cases = "cases"
    impellers = "impellers"
    broths = "broths"
    strains = "strains"
    models = "models"
    rigs = "rigs"
    equipment = "equipment"
    settings = "settings"


RIGS = {
    "str-pfr": "stirred vessel with a plug-flow tube in a loop, fed at the inlet of the tube",
    "str-str": "two stirred vessels in a loop, one of them fed",
    "three-compartments": "three stirred vessels, the middle one exchanging with a rich and a poor one",
    "pulsed-feed": "one stirred vessel, fed in pulses",
    "mini-bioreactors": "parallel vessels of some millilitres, fed in boluses by a liquid handler",
    "microfluidic": "a perfusion chamber under a microscope, whose valve plays recorded lifelines",
    "oxygen-switching": "one stirred vessel, fed steadily, whose stirrer or gas switches oxygen; needs [gas]",
}
"""Lab rigs that a case may name under scaledown.rigs."""

CaseArgument = Annotated[
    str, typer.Argument(metavar="CASE", help="A case file, or the name of a case that ships (rushton list cases).")
]
QualityOption = Annotated[
    Quality | None,
    typer.Option("--quality", "-q", help="Overrides the case: about 2e4, 1e5 or 3e5 mesh cells; draft is capped."),
]


@app.command()
@command
def new(
    name: Annotated[str, typer.Argument(help="Name of the new case; writes NAME.toml here.")],
    source: Annotated[str, typer.Option("--from", help="Case to start from.")] = "penicillin_54m3",
) -> None:
    """Write a commented case file to edit."""
    target = Path(name).with_suffix(".toml") if not name.endswith(".toml") else Path(name)
    origin = find_case(source)
    if target.exists():
        raise CaseError("the file exists and is not overwritten", str(target), "choose another name or move it away")
    try:
        text = origin.read_text(encoding="utf-8")
        with open(target, "x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CaseError(f"cannot be written ({error.strerror})", str(target), "choose another folder") from error
    out.print(f"[bold]{escape(str(target))}[/] written from {escape(origin.stem)}. Next: edit it, then")
    out.print(f"  rushton check {escape(str(target))}")


@app.command()
@command
def check(case: CaseArgument, quality: QualityOption = None) -> None:
    """Drawing to scale, characteristic times, expected power, blend time and kLa, warnings, run time; in seconds."""
    checked = _load(case, quality)
    from rushton.case.advice import advise

    out.print(advise(checked))


@app.command()
@command
def run(
    case: CaseArgument,
    until: Annotated[StageName | None, typer.Option("--until", help="Last stage to run.")] = None,
    quality: QualityOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Results folder.", show_default="CASE.results here")
    ] = None,
    refine: Annotated[
        bool, typer.Option("--refine", help="Also form an error statement: three grids, hidden choices varied.")
    ] = False,
    sensitivity: Annotated[
        bool, typer.Option("--sensitivity", help="Also vary K, q_max, biomass and Sc_t: what moves regimes and loss.")
    ] = False,
) -> None:
    """Run a case: flow, mixing, gradients, lifelines, response, scale-down, report. Finished stages are kept."""
    checked = _load(case, quality)
    if refine:
        numerics = checked.numerics.model_copy(update={"refine": True})
        checked = checked.model_copy(update={"numerics": numerics})
    if sensitivity:
        numerics = checked.numerics.model_copy(update={"sensitivity": True})
        checked = checked.model_copy(update={"numerics": numerics})
    from rushton.case.run_time import stage_seconds, typical_time_step
    from rushton.pipeline import open_results
    from rushton.pipeline import run as run_case

    folder = output if output is not None else Path(f"{checked.name}.results")
    out.print(f"[bold]{escape(checked.title)}[/]  [dim]{escape(str(folder))}[/]")
    if checked.numerics.refine:
        seconds = stage_seconds(checked, typical_time_step(checked))["refine"]
        out.print(f"[dim]The error statement takes about {seconds:.0f} s more; finished members of it are kept.[/]")
    try:
        with listening() as listen, watching() as watch:
            run_case(checked, folder, until.value if until else None, listen(watch))
    except (SolverError, ModelError):
        _show_results(open_results(folder))
        raise
    _show_results(open_results(folder))


@app.command()
@command
def report(results: Annotated[Path, typer.Argument(help="A results folder, for example my_tank.results.")]) -> None:
    """Write report.html again from a results folder."""
    from rushton.pipeline import report as write_report

    with watching() as watch:
        path = write_report(results, watch)
    out.print(f"Report: [bold]{escape(str(path))}[/]")


@app.command()
@command
def design(
    results: Annotated[Path, typer.Argument(help="A results folder, for example my_tank.results.")],
    rig: Annotated[
        list[str] | None, typer.Option("--rig", help="A rig of `rushton list rigs`; may be given several times.")
    ] = None,
    working_volume: Annotated[
        str | None, typer.Option("--working-volume", help="Broth in the whole rig, such as '2 L'.")
    ] = None,
    equipment: Annotated[
        list[str] | None,
        typer.Option("--equipment", help="A piece of `rushton list equipment` for that of the case; several times."),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of the search.")] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder of the designs.",
            show_default="RESULTS/design, or design-2 ... where others lie there",
        ),
    ] = None,
    screen: Annotated[
        Path | None, typer.Option("--screen", help="List of strains: which two rigs separate them best.")
    ] = None,
    assay: Annotated[
        float | None, typer.Option("--assay", help="Relative error of one assay, for --screen.", show_default="0.04")
    ] = None,
    repeats: Annotated[
        int | None, typer.Option("--repeats", help="Runs of every strain in every rig, for --screen.", show_default="1")
    ] = None,
) -> None:
    """Design lab rigs for the tank of a finished run, without running it again.

    With --screen STRAINS (a list as for `rushton panel`): which two of the rigs separate the strains best by what the
    gradients of the tank do to them. Designs of the run are taken as they are; results in RESULTS/scaledown/screening.
    """
    from rich.table import Table

    if screen is not None:
        _screen(results, screen, rig, output, assay, repeats, (working_volume, seed, equipment))
        return
    if assay is not None or repeats is not None:
        raise CaseError("nothing is screened", "--assay, --repeats", "name a list of strains with --screen")

    from rushton.pipeline import design as design_rigs

    with one_bar() as progress:
        found, folder = design_rigs(results, rig or (), working_volume, seed, output, progress, equipment or ())
    for what, part in (("", found), ("Oxygen", found.oxygen)):
        if part is None:
            continue
        table = Table(box=None, pad_edge=False, title=what or None, title_justify="left")
        for column in ("rig", "distance", "not met", "like the tank", "settings"):
            table.add_column(column, justify="right" if column == "distance" else "left")
        for one in part.designs:
            kept = ", ".join(f"{key} {value:.3g}" for key, value in one.settings.items())
            name = "standard STR-PFR" if one.reference else one.rig
            cells = f"{one.distance:.3f}", " ".join(one.missing), one.verdict.short
            table.add_row(name, *cells, escape(kept))
        if part.designs:
            out.print(table)
        if part.reason:
            err.print(f"[yellow]Note[/] {escape(part.reason)}", soft_wrap=True)
        if part.floor is not None:
            out.print(f"[dim]The tank against itself: {part.floor:.3g}. Settings in SI.[/]")
        for one in part.designs:
            for text in one.misfits:
                err.print(f"[yellow]Note[/] {escape(one.name)} does not fit the bench: {escape(text)}", soft_wrap=True)
            for warning in one.breath["warnings"]:
                if warning.startswith("The rig cannot"):
                    err.print(f"[yellow]Note[/] {escape(one.name)}: {escape(warning)}", soft_wrap=True)
    seconds = found.seconds + (0.0 if found.oxygen is None else found.oxygen.seconds)
    out.print(f"Protocols: [bold]{escape(str(folder))}[/]   ({seconds:.0f} s)")


def _screen(
    results: Path,
    strains: Path,
    rigs: list[str] | None,
    output: Path | None,
    assay: float | None,
    repeats: int | None,
    again: tuple[str | None, int | None, list[str] | None],
) -> None:
    """`rushton design --screen`; ``again`` holds working volume, seed and equipment."""
    from rushton.study.screening import screen
    from rushton.study.screening.criterion import ASSAY
    from rushton.study.screening.screen import show

    volume, seed, equipment = again
    with one_bar() as progress:
        found, folder = screen(
            results, strains, rigs or (), output,
            assay=ASSAY if assay is None else assay, repeats=1 if repeats is None else repeats,
            working_volume=volume, seed=seed, equipment=equipment or (), progress=progress,
        )  # fmt: skip
    show(found, out)
    for failure in found.failures:
        err.print(f"[yellow]Not run[/] {escape(failure.row)} ({escape(failure.name)}): {escape(failure.reason)}")
    for one in found.left_out:
        err.print(f"[yellow]Left out[/] {escape(one.name)}: {escape(one.reason)}", soft_wrap=True)
    out.print(f"Page: [bold]{escape(str(folder / 'screening.html'))}[/]   ({found.seconds:.0f} s)")


@app.command()
@command
def compare(
    cases: Annotated[
        list[str], typer.Argument(metavar="CASE...", help="Results folders, case files or names of shipped cases.")
    ],
    equal: Annotated[
        list[str] | None,
        typer.Option("--equal", help="Bring every case to the first one's P/V, tip-speed, Re, theta95, kLa, vs, ..."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Readings of a lab run (CSV), laid over the predictions of its rig.")
    ] = None,
    template: Annotated[
        bool, typer.Option("--template", help="Write an empty sheet for the readings of a rig, to the file -o.")
    ] = False,
    rig: Annotated[str | None, typer.Option("--rig", help="The rig of --data or --template.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for tables and page; with --template the CSV file."),
    ] = None,
) -> None:
    """Scale-up criteria side by side, also at equal something; or a lab run beside what was predicted (--data)."""
    if data is not None or template:
        _compare_lab(cases, data, template, rig, output, bool(equal))
        return
    if rig is not None:
        raise CaseError("--rig belongs to --data or --template", "rushton compare", "add one of them, or leave it out")
    from rushton.study import compare as compare_cases
    from rushton.study.compare import LEGEND, SCALING, tables

    found = compare_cases([one if Path(one).is_dir() else find_case(one) for one in cases], equal or ())
    for table in tables(found):
        out.print(table)
        out.print()
    out.print(f"[dim]{LEGEND}{' ' + SCALING if equal else ''}[/]")
    for warning in found.warnings:
        err.print(f"[yellow]Note[/] {escape(warning)}", soft_wrap=True)
    if output is not None:
        for path in found.write(output):
            out.print(f"Written: {escape(str(path))}")


def _compare_lab(
    cases: list[str], data: Path | None, template: bool, rig: str | None, output: Path | None, equal: bool
) -> None:
    """Lab data beside their predictions, or an empty sheet for them."""
    if len(cases) != 1 or equal or (data is not None and template):
        raise CaseError(
            "lab data are compared with one results folder", "rushton compare",
            "rushton compare --data lab.csv my_tank.results; rushton compare --template my_tank.results -o lab.csv",
        )  # fmt: skip
    from rushton.study.lab_data import compare_data, empty_sheet

    if data is None:
        from rushton.store import atomic_write_text

        path = output if output is not None else Path("lab.csv")
        if path.exists():
            raise CaseError(
                "this exists already", str(path), "name another file with -o: a filled sheet is not replaced"
            )
        atomic_write_text(path, empty_sheet(cases[0], rig))
        then = f"rushton compare --data {path} {cases[0]}"
        out.print(f"To fill in: [bold]{escape(str(path))}[/]   then: {escape(then)}", soft_wrap=True)
        return
    from rushton.study.lab_data.screen import table as verdict_table

    found = compare_data(data, cases[0], rig)
    out.print(verdict_table(found))
    for text in filter(None, (found.productivity.words,)):
        out.print(f"[bold]{escape(text)}[/]", soft_wrap=True)
    for note in found.notes:
        err.print(f"[yellow]Note[/] {escape(note)}", soft_wrap=True)
    page, table = found.write(output if output is not None else Path(f"{data.stem}.compared"))
    out.print(f"Page: [bold]{escape(str(page))}[/]   Table: {escape(str(table))}", soft_wrap=True)


@app.command()
@command
def panel(
    results: Annotated[
        list[Path], typer.Argument(metavar="RESULTS... STRAINS", help="Results folders, then the list of strains.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the panel.", show_default="STRAINS.panel here")
    ] = None,
) -> None:
    """Many strains on the cell tracks of finished runs: ranks, losses to gradients. Finished strains are kept.

    STRAINS is a TOML file with a block for each strain, or a CSV table with a row for each.
    """
    *folders, strains = results
    if not folders or strains.is_dir():
        raise CaseError(
            "a panel needs a results folder and a list of strains", "rushton panel",
            "rushton panel my_tank.results strains.toml",
        )  # fmt: skip
    from rushton.study.panels import panel as run_panel
    from rushton.study.panels import panel_points
    from rushton.study.panels.screen import table as panel_table

    folder = output if output is not None else Path(f"{strains.stem}.panel")
    with one_bar() as progress:
        if len(folders) == 1:
            found = [run_panel(folders[0], strains, folder, progress)]
        else:
            found = list(panel_points(folders, strains, folder, progress).panels)
    for one in found:
        out.print(panel_table(one))
        for failure in one.failures:
            err.print(f"[yellow]Not run[/] {escape(failure.row)} ({escape(failure.name)}): {escape(failure.reason)}")
    name = "panel" if len(folders) == 1 else "points"
    out.print(f"Page: [bold]{escape(str(folder / name))}.html[/]   Table: {escape(str(folder / name))}.csv")


@app.command("list")
@command
def list_(
    what: Annotated[Listing | None, typer.Argument(help="One kind only.", show_default="all")] = None,
) -> None:
    """Cases, impellers, broths, strains, cell models, lab rigs and lab equipment that ship, and every setting."""
    for kind in [what] if what else list(Listing):
        out.print(f"[bold]{kind.value}[/]")
        for name, text in _entries(kind):
            out.print(f"  {escape(name):<24} [dim]{escape(text)}[/]", soft_wrap=True)


@app.callback(invoke_without_command=True)
def _options(
    version: Annotated[bool, typer.Option("--version", is_eager=True, help="Show the version and end.")] = False,
) -> None:
    if version:
        from rushton import __version__

        out.print(f"rushton {__version__}")
        raise typer.Exit()


# ------------------------------------------------------------------------------------------------------ cases by name


def shipped_cases() -> dict[str, Path]:
    """Case files that ship with the program, by name: in the installed package, or in the clone it runs from."""
    package = Path(__file__).resolve().parent
    for folder in (package / "cases", package.parents[1] / "cases"):
        files = {path.stem: path for path in sorted(folder.glob("*.toml")) if not path.stem.endswith(".expected")}
        if files:
            return files
    return {}


def find_case(given: str) -> Path:
    """The file that a user means: a path, or the name of a case that ships."""
    path = Path(given)
    shipped = shipped_cases()
    if path.is_file() or (path.exists() and given not in shipped):
        return path
    if given.removesuffix(".toml") in shipped:
        return shipped[given.removesuffix(".toml")]
    from difflib import get_close_matches

    near = get_close_matches(path.stem, shipped, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    raise CaseError(
        "there is no such case file", given, f"{hint}cases that ship: {', '.join(shipped) or 'none'}; or name a file"
    )


def _load(given: str, quality: Quality | None) -> Case:
    from rushton.case import load_case
    from rushton.pipeline.runner import check_bench, check_parameters

    case = load_case(find_case(given), quality=quality.value if quality else None)
    check_parameters(case)
    check_bench(case)
    return case


def _entries(kind: Listing) -> list[tuple[str, str]]:
    """(name, description) of everything of one kind that ships."""
    if kind is Listing.cases:
        import tomllib

        return [
            (name, str(tomllib.loads(p.read_text("utf-8")).get("title", ""))) for name, p in shipped_cases().items()
        ]
    if kind is Listing.rigs:
        return list(RIGS.items())
    if kind is Listing.settings:
        from rushton.case.describe import settings

        return [(setting.key, str(setting)) for setting in settings()]
    from rushton.case.library import shelf

    if kind is Listing.equipment:
        return [(name, f"{one['kind'].replace('_', ' ')}: {one['title']}") for name, one in shelf("equipment").items()]
    return [(name, str(found.get("title", ""))) for name, found in shelf(kind.value).items()]


# ------------------------------------------------------------------------------------------------- what a run leaves


def _show_results(results: Results) -> None:
    """The headline numbers, what to be warned of, and where everything lies."""
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    for label, value, unit in headline(results.summary):
        table.add_row(label, value, unit)
    if table.row_count:
        out.print(table)
    for warning in results.warnings:
        err.print(f"[bold yellow]Warning[/] {escape(warning)}")
    if results.report is not None:
        out.print(f"Report: [bold]{escape(str(results.report))}[/]")
    out.print(f"Results: {escape(str(results.folder))}")


if __name__ == "__main__":
    app()
