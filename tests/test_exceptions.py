"""F15: every error keeps its type, message and data through pickle, as task queues need it."""

import copy
import importlib
import inspect
import json
import pickle
import pkgutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from django.utils import translation

import trackadmin
from trackadmin.document import load
from trackadmin.exceptions import (
    DocumentError,
    InvalidMap,
    NothingChanged,
    NotTracked,
    Problem,
    StaleForm,
    TrackAdminError,
    UnknownMap,
)
from trackadmin.texts import gettext as _

PROBLEM = Problem("a.b", "error", "Order.number", "It is gone.", "Take it out.")


def errors():
    """Every class of an error that trackadmin defines, wherever it is."""
    names = [info.name for info in pkgutil.walk_packages(trackadmin.__path__, "trackadmin.")]
    for name in names:
        members = vars(importlib.import_module(name)).values()
        ours = [each for each in members if isinstance(each, type) and each.__module__ == name]
        yield from (each for each in ours if issubclass(each, BaseException))


def argument(parameter):
    """Something for a parameter of a constructor."""
    if parameter.name == "problems":
        return [PROBLEM]
    if "Iterable" in str(parameter.annotation):
        return ["one", "two"]
    return 7 if str(parameter.annotation).startswith("int") else "some text"


def example(cls):
    """An error of this class, made as our code makes it, with something for each parameter."""
    own = next(each for each in cls.__mro__ if "__init__" in vars(each))
    if own.__module__ == "builtins":
        return cls("some text")
    return cls(*map(argument, inspect.signature(cls).parameters.values()))


def data(error):
    return type(error), str(error), error.args, error.__dict__


@pytest.mark.parametrize("cls", sorted(set(errors()), key=lambda cls: cls.__qualname__))
def test_error_survives_pickle_and_copy(cls):
    error = example(cls)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert data(pickle.loads(pickle.dumps(error, protocol))) == data(error)
    assert data(copy.copy(error)) == data(error)
    assert data(copy.deepcopy(error)) == data(error)


def test_there_are_errors_to_test():
    assert {UnknownMap, StaleForm, InvalidMap} <= set(errors())
    assert len(set(errors())) > 15


class HostError(InvalidMap):
    """A host's own, with a constructor of its own."""

    def __init__(self, problems, *, shop):
        self.shop = shop
        super().__init__(f"The map of {shop}.", problems)


def test_a_hosts_own_error_does_too():
    error = HostError([PROBLEM], shop="north")
    assert data(pickle.loads(pickle.dumps(error))) == data(error)


def test_what_somebody_added_comes_along():
    error = UnknownMap("shop", ["default"])
    error.add_note("While the order was shipped.")
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["While the order was shipped."]


def test_error_comes_back_from_a_process_pool():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        work = pool.submit(load, "{", "0" * 64)
        with pytest.raises(DocumentError) as caught:
            work.result()
    with pytest.raises(DocumentError) as here:
        load("{", "0" * 64)
    assert data(caught.value) == data(here.value)
    assert isinstance(caught.value, TrackAdminError)


def test_slug_of_any_length_is_cut_in_the_message():
    """F13: it may come from a URL."""
    error = UnknownMap("x" * 5000, ["default"])
    assert len(str(error)) < 300
    assert error.slug == "x" * 5000


def test_arguments_of_an_error_are_its_sentence_in_english():
    """A task queue with JSON results carries an error by its class and its arguments."""
    with translation.override("de"):
        error = InvalidMap(_("This is not a tracking map."), [PROBLEM])
    (sentence,) = json.loads(json.dumps(error.args))
    assert sentence.splitlines()[0] == "This is not a tracking map."
    assert PROBLEM.english in sentence
    assert json.loads(json.dumps(NothingChanged(3).args))[0].startswith("Version 3 is live")


def test_errors_can_be_raised_before_the_apps_are_ready():
    """A wrong setting is found while Django starts."""
    script = "from trackadmin.exceptions import NothingChanged as E; print(E(3).args[0])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.startswith("Version 3 is live"), done.stderr


@pytest.mark.parametrize(
    ("given", "start"),
    [
        ("object", "The live version of the map 'm' does not track objects of the class shop.X. "),
        ("model", "The live version of the map 'm' does not track the model 'shop.X'. "),
        ("class", "The class shop.X itself was given, and the map 'm' tracks objects. "),
    ],
)
def test_what_is_not_tracked_is_said_in_a_sentence_of_its_own(given, start):
    """A noun phrase as a value would need another ending in other languages."""
    error = NotTracked("shop.X", "m", given)
    assert str(error).startswith(start)
