from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from akernel_ipy import __version__
from cli.command import Command


def spec_of(directory: Path) -> Any:
    return json.loads((directory / "kernel.json").read_text())


def test_flavours_stand_side_by_side_and_are_listed(akernel: Command) -> None:
    akernel.ok("install", "--user")
    akernel.ok("install", "CHAIN", "--user")
    listed = {spec["name"]: spec for spec in json.loads(akernel.ok("list", "--json"))}
    assert listed["akernel"]["flavour"] == "async"
    assert listed["akernel-chain"]["flavour"] == "chain"
    assert listed["akernel-chain"]["directory"] == str(akernel.user_kernels / "akernel-chain")
    assert "akernel-chain  chain" in akernel.ok("list")


def test_a_kernelspec_says_how_to_launch_and_what_it_is(akernel: Command) -> None:
    akernel.ok("install", "chain", "--prefix", akernel.home / "prefix")
    directory = akernel.home / "prefix/share/jupyter/kernels/akernel-chain"
    spec = spec_of(directory)
    launch = ["-m", "akernel_ipy", "launch", "chain", "-f", "{connection_file}"]
    assert spec["argv"] == [sys.executable, *launch]
    assert spec["display_name"] == "Python 3 (akernel chain)"
    assert spec["language"] == "python"
    assert spec["metadata"]["debugger"] is True
    assert spec["metadata"]["akernel"] == {"flavour": "chain"}
    assert {"logo-32x32.png", "logo-64x64.png", "logo-svg.svg"} < {
        file.name for file in directory.iterdir()
    }


def test_names_options_and_cache_directory_go_into_the_kernelspec(akernel: Command) -> None:
    akernel.ok(
        *("install", "--user", "--name", "mine", "--display-name", "My own"),
        *("--cache-dir", "cache", "--AsyncKernel.help_links=[]", "--debug"),
    )
    spec = spec_of(akernel.user_kernels / "mine")
    assert spec["display_name"] == "My own"
    assert spec["argv"][-2:] == ["{connection_file}", "--AsyncKernel.help_links=[]"]
    assert spec["env"] == {"AKERNEL_CACHE_DIR": str(akernel.home / "cache")}


def test_a_caching_kernel_is_installed_with_its_directory_and_bounds(akernel: Command) -> None:
    akernel.ok("install", "cache", "--user", "--cache-dir", "~/c", "--CacheStore.max_bytes=1000")
    spec = spec_of(akernel.user_kernels / "akernel-cache")
    assert spec["env"] == {"AKERNEL_CACHE_DIR": str(akernel.home / "c")}
    assert spec["argv"][4] == "cache"
    assert spec["argv"][-1] == "--CacheStore.max_bytes=1000"


def test_installing_again_replaces_the_kernelspec(akernel: Command) -> None:
    akernel.ok("install", "--user", "--display-name", "old")
    akernel.ok("install", "--user")
    assert spec_of(akernel.user_kernels / "akernel")["display_name"] == "Python 3 (akernel)"


def test_the_default_is_the_environment_of_the_interpreter(akernel: Command) -> None:
    code = "import sys; sys.prefix = sys.argv.pop(1); from akernel_ipy.__main__ import main; main()"
    prefix = akernel.home / "environment"
    words = [sys.executable, "-c", code, str(prefix), "install"]
    subprocess.run(words, env=akernel.env, check=True, timeout=60)
    assert (prefix / "share/jupyter/kernels/akernel/kernel.json").exists()


@pytest.mark.parametrize(
    ("words", "status", "remedy"),
    [
        (["install", "warp"], 2, "known flavours: async, chain"),
        (["install", "async-chain"], 2, "choose one of them"),
        (["install", "chain", "async"], 2, "unexpected 'async'"),
        (["install", "--user", "--prefix", "p"], 2, "exclude each other"),
        (["install", "--user", "--name", "a b"], 1, "--name"),
        (["install", "--prefix", "file"], 1, "--user"),
        (["install", "--usr=1"], 2, "--help"),
        (["install", "--AsyncKernel.flavour=chain"], 1, "akernel install FLAVOUR"),
        (["install", "--AsyncKernel.flavor=chain"], 1, "akernel launch --help-all"),
        (["install", "cache", "--CacheStore.size=1"], 1, "akernel launch --help-all"),
        (["remove"], 2, "akernel list"),
        (["remove", "nothing"], 1, "there is no kernelspec 'nothing'"),
        (["remove", "python3"], 1, "starts another kernel"),
        (["explode"], 2, "install, list, remove, cache, run, launch"),
        (["launch", "warp"], 2, "known flavours: async, chain"),
    ],
)
def test_what_cannot_be_done_is_a_message_with_a_remedy(
    akernel: Command, words: list[str], status: int, remedy: str
) -> None:
    (akernel.home / "file").write_text("in the way of a directory")
    assert remedy in akernel.refused(*words, status=status)


def test_another_kernel_is_neither_replaced_nor_removed(akernel: Command) -> None:
    other = akernel.user_kernels / "other"
    other.mkdir(parents=True)
    text = '{"argv": ["other"], "display_name": "Other", "language": "python"}'
    (other / "kernel.json").write_text(text)
    assert "--name" in akernel.refused("install", "--user", "--name", "other", status=1)
    assert "(Other)" in akernel.refused("remove", "other", "-y", status=1)
    assert (other / "kernel.json").read_text() == text
    assert "other" not in akernel.ok("list")


def test_removing_asks_unless_told_not_to(akernel: Command) -> None:
    akernel.ok("install", "--user", "--name", "mine")
    directory = akernel.user_kernels / "mine"
    akernel.ok("remove", "mine", stdin="no\n")
    assert "-y" in akernel.refused("remove", "mine", status=1)
    assert directory.exists()
    akernel.ok("remove", "mine", stdin="y\n")
    assert not directory.exists()
    akernel.ok("install", "--user", "--name", "mine")
    akernel.ok("remove", "mine", "-y")
    assert not directory.exists()
    assert "mine" not in akernel.ok("list")


def test_the_commands_behave_as_jupyter_users_expect(akernel: Command) -> None:
    assert akernel.ok("--version").strip() == __version__
    assert "akernel run" in akernel.ok("--help")
    assert "--InstallApp.prefix" in akernel.ok("install", "--help-all")
    assert "-p NAME VALUE" in akernel.ok("run", "--help")
    config = akernel.home / "my_config.py"
    config.write_text("c.InstallApp.kernel_name = 'configured'\nc.InstallApp.user = True\n")
    akernel.ok("install", "--config", config)
    assert (akernel.user_kernels / "configured").exists()
