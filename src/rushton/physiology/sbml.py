"""Reading SBML: species, parameters, rules and kinetic laws, each formula as a Python expression.

Read: species, compartments, parameters (local ones as ``reaction.name``), function definitions, initial assignments,
assignment and rate rules, reactions. Refused by name: events, algebraic rules, constraints, delays, time, changing
compartments, conversion factors, stoichiometry by formula.

A species' symbol is its concentration, or its amount where the SBML says so (hasOnlySubstanceUnits); the balance of a
species is sum_j n_ij v_j over the volume, or over nothing. Source: Hucka M. et al. 2019, J. Integr. Bioinform.
16:20190021 (SBML Level 3).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from rushton.errors import ModelError
from rushton.physiology.mathml import expression, function, tag

_REFUSED = {
    "listOfEvents": "events",
    "algebraicRule": "algebraic rules",
    "listOfConstraints": "constraints",
    "stoichiometryMath": "stoichiometry by formula",
}


@dataclass
class Reactions:
    """What an SBML file says, each formula as a Python expression.

    Parameters
    ----------
    values : dict of str to float
        Compartments, species, parameters at the start, by identifier.
    states : dict of str to list of (float, str)
        Species that react: (coefficient, reaction) of their balance; already over the volume.
    rate_rules, assigned, initial, reactions : dict of str to str
        Expressions by the identifier that they give.
    functions : dict of str to (list of str, str)
        Arguments and body.
    parameters : tuple of str
        Identifiers that are constants of the model.
    volume : dict of str to float
        Volume by which the amount of a species is divided; one where its symbol is an amount.
    """

    values: dict[str, float] = field(default_factory=dict)
    states: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    rate_rules: dict[str, str] = field(default_factory=dict)
    assigned: dict[str, str] = field(default_factory=dict)
    initial: dict[str, str] = field(default_factory=dict)
    reactions: dict[str, str] = field(default_factory=dict)
    functions: dict[str, tuple[list[str], str]] = field(default_factory=dict)
    parameters: tuple[str, ...] = ()
    volume: dict[str, float] = field(default_factory=dict)

    @property
    def state_names(self) -> tuple[str, ...]:
        return (*self.states, *self.rate_rules)


def read(text: str, where: str) -> Reactions:
    """What an SBML text says; see `Reactions`.

    Raises
    ------
    ModelError
        Not XML, not SBML, or something of it that cannot be translated, by name.
    """
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ModelError(f"{where} is not XML: {error}", "sbml", "Give an SBML file.") from None
    model = next((child for child in root if tag(child) == "model"), None)
    if tag(root) != "sbml" or model is None:
        raise ModelError(f"{where} is XML but holds no SBML model", "sbml", "Give an SBML file.")
    for element in model.iter():
        if tag(element) in _REFUSED and (len(element) or tag(element) == "stoichiometryMath"):
            raise ModelError(
                f"{where} has {_REFUSED[tag(element)]}",
                "sbml",
                "They cannot be translated: take them out.",
            )
        if element.get("conversionFactor"):
            raise ModelError(f"{where} has conversion factors", "sbml", "Write the model in one set of units.")
    found, volumes = Reactions(), {}
    for f in _list(model, "listOfFunctionDefinitions"):
        found.functions[f.attrib["id"]] = function(_math(f, where), f.attrib["id"])
    for c in _list(model, "listOfCompartments"):
        volumes[c.attrib["id"]] = found.values[c.attrib["id"]] = float(c.get("size", c.get("volume", "1")))
    fixed = []
    for p in _list(model, "listOfParameters"):
        found.values[p.attrib["id"]] = float(p.get("value", "nan"))
        fixed.append(p.attrib["id"])
    for rule in _list(model, "listOfRules"):
        kept = found.rate_rules if tag(rule) == "rateRule" else found.assigned
        kept[rule.attrib["variable"]] = expression(_math(rule, where), f"rule of {rule.attrib['variable']}")
    for given in _list(model, "listOfInitialAssignments"):
        found.initial[given.attrib["symbol"]] = expression(_math(given, where), f"start of {given.attrib['symbol']}")
    for s in _list(model, "listOfSpecies"):
        name, volume = s.attrib["id"], volumes.get(s.get("compartment", ""), 1.0)
        as_amount = s.get("hasOnlySubstanceUnits") == "true"
        found.volume[name] = 1.0 if as_amount else volume
        if "initialConcentration" in s.attrib:
            found.values[name] = float(s.attrib["initialConcentration"]) * (volume if as_amount else 1.0)
        else:
            found.values[name] = float(s.get("initialAmount", "nan")) / found.volume[name]
        moves = s.get("boundaryCondition") != "true" and s.get("constant") != "true"
        if moves and name not in found.assigned and name not in found.rate_rules:
            found.states[name] = []
    _read_reactions(model, found, fixed, where)
    for changing in volumes.keys() & (found.assigned.keys() | found.rate_rules.keys()):
        raise ModelError(f"compartment {changing} of {where} changes", "sbml", "Only constant volumes are translated.")
    found.parameters = tuple(p for p in fixed if p not in found.assigned and p not in found.rate_rules)
    found.states = {name: terms for name, terms in found.states.items() if terms}
    return found


def _read_reactions(model: Element, found: Reactions, fixed: list[str], where: str) -> None:
    for reaction in _list(model, "listOfReactions"):
        name = reaction.attrib["id"]
        law = next((child for child in reaction if tag(child) == "kineticLaw"), None)
        if law is None:
            raise ModelError(f"reaction {name} of {where} has no kinetic law", "sbml", "Give it one.")
        text = expression(_math(law, where), name)
        for p in (*_list(law, "listOfParameters"), *_list(law, "listOfLocalParameters")):
            local = f"{name}.{p.attrib['id']}"
            found.values[local] = float(p.get("value", "nan"))
            fixed.append(local)
            text = _renamed(text, {f"x_{p.attrib['id']}": symbol_of(local)})
        found.reactions[name] = text
        for side, sign in (("listOfReactants", -1.0), ("listOfProducts", 1.0)):
            for reference in _list(reaction, side):
                who = reference.attrib["species"]
                if who in found.states:
                    coefficient = sign * float(reference.get("stoichiometry", "1"))
                    found.states[who].append((coefficient / found.volume[who], name))


def _renamed(text: str, new: dict[str, str]) -> str:
    tree = ast.parse(text, mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = new.get(node.id, node.id)
    return ast.unparse(tree)


def symbol_of(name: str) -> str:
    return "x_" + name.replace(".", "__of__")


def _list(element: Element, name: str) -> list[Element]:
    return next((list(child) for child in element if tag(child) == name), [])


def _math(element: Element, where: str) -> Element:
    found = next((child for child in element if tag(child) == "math"), None)
    if found is None or not len(found):
        name = element.get("id") or element.get("variable") or element.get("symbol") or tag(element)
        raise ModelError(f"{name} of {where} has no formula", "sbml", "Give it one.")
    return found
