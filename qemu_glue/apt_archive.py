# SPDX-License-Identifier: Apache-2.0
"""What the machine's apt knows: the Debian mirror it is set up with, versions, package files.

No mirror's address is written anywhere in the project; apt checks the signatures.
"""
import os
import subprocess

from errors import UserError

TARGET_FORMAT = "$(SITE)|$(ORIGIN)|$(LABEL)|$(CODENAME)|$(RELEASE)|$(COMPONENT)"
KNOWN_RELEASES = ("bookworm", "trixie")


def command_output(*words):
    """The standard output of a command in the C locale; "" if it fails or is not there."""
    environment = dict(os.environ, LC_ALL="C")
    try:
        return subprocess.run(words, check=True, text=True, env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def mirror_from_targets(text):
    """The address of Debian's main archive in the output of `apt-get indextargets`, or None.

    Origin and label are known only once lists have been fetched; before that the name of the
    release decides, because the security archive and others use longer names.
    """
    fallback = None
    for line in text.splitlines():
        fields = line.split("|")
        if len(fields) != 6:
            continue
        site, origin, label, codename, release, component = fields
        if component != "main":
            continue
        if origin == "Debian" and label == "Debian":
            return site
        if origin in ("", "$(ORIGIN)") and fallback is None:
            if codename in KNOWN_RELEASES or release in KNOWN_RELEASES:
                fallback = site
    return fallback


def debian_mirror():
    """The Debian mirror that this machine's apt uses."""
    site = mirror_from_targets(command_output("apt-get", "indextargets",
                                              "--format", TARGET_FORMAT))
    if site is None:
        raise UserError("setup", "apt on this machine knows no Debian mirror",
                        "add one to /etc/apt/sources.list and run apt-get update as root")
    return site


def installed_version(package):
    """The version of an installed package, or None."""
    text = command_output("dpkg-query", "-W", "-f=${db:Status-Status} ${Version}", package)
    status, _, version = text.partition(" ")
    return version if status == "installed" else None


def download(package, version, directory):
    """Fetches one package file, signature checked by apt, and returns its path."""
    wanted = f"{package}={version}"
    result = subprocess.run(["apt-get", "-q", "download", wanted], cwd=directory, text=True,
                            check=False, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    files = sorted(directory.glob(f"{package}_*.deb"))
    if result.returncode != 0 or not files:
        errors = [line for line in result.stdout.splitlines() if line.startswith("E:")]
        raise UserError("setup", f"apt-get could not download {wanted}: "
                        + (errors[0][2:].strip() if errors else "no reason given"),
                        "as root: apt-get update && apt-get install --no-install-recommends "
                        "linux-headers-amd64, then once more")
    return files[0]
