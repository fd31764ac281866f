#!/usr/bin/env bash
# Installs the kit into /opt/autograder of a Debian or Ubuntu image; Dockerfile and autograder.def
# are nothing but this script. Run as root, from a copy of the repository:
#
#     containers/install.sh [--variant cpu|cuda] [--data none|small|ARCHIVE]
#
# --variant cuda (default): CUDA's libraries beside TensorFlow, from pip packages; a node adds its
#     driver. Works without a GPU as well. cpu: some 4 GB smaller.
# --data: what students read, put into /opt/autograder-data: nothing (default; bind it), the drawn
#     stand-ins, or an archive made by `autograder data pack`, named as it is called in containers/.
#     Never hidden images: whoever can read an image can read all of it.
set -euo pipefail
umask 022

containers="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
kit="$(dirname "$containers")"
home=/opt/autograder
data_home=/opt/autograder-data
variant=cuda
data=none

fail() {
  echo "install.sh: $*" >&2
  exit 2
}

read_options() {
  while [ $# -gt 0 ]; do
    case "$1" in
      --variant) variant="${2:-}" ;;
      --data) data="${2:-}" ;;
      *) fail "expected --variant or --data, found $1" ;;
    esac
    shift 2 || fail "$1 needs a value"
  done
}

check_options() {
  case "$variant" in
    cpu | cuda) ;;
    *) fail "--variant: expected cpu or cuda, found '$variant'" ;;
  esac
  case "$data" in
    none | small) ;;
    *) [ -f "$containers/$data" ] ||
      fail "--data: expected none, small or an archive in containers/, found '$data'" ;;
  esac
  [ "$(id -u)" = 0 ] || fail "expected to be run as root, in an image that is being built"
  command -v apt-get >/dev/null || fail "expected a Debian or Ubuntu base, found no apt-get"
}

# python3 of the base, where it is new enough, else python3.11 (which some older bases have).
install_system() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # data sets are fetched over HTTPS; TensorFlow needs the C++ library
  install_packages ca-certificates libstdc++6 python3 python3-venv
  python=python3
  if ! is_new_enough python3; then
    install_packages python3.11 python3.11-venv ||
      fail "expected a base with Python 3.11 or newer, found $(python3 --version)"
    python=python3.11
  fi
}

install_packages() {
  apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

is_new_enough() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))'
}

# Packages are verified against the hashes in the locks; both name the same TensorFlow.
install_kit() {
  # a cache would only stay behind in the image, unless one was lent
  [ -n "${PIP_CACHE_DIR:-}" ] || export PIP_NO_CACHE_DIR=1
  export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
  "$python" -m venv "$home"
  local locks=("$kit/requirements.lock")
  [ "$variant" = cpu ] || locks+=("$containers/requirements-cuda.lock")
  for lock in "${locks[@]}"; do
    "$home/bin/python" -m pip install --quiet --require-hashes --requirement "$lock"
  done
  "$home/bin/python" -m pip install --quiet --no-deps --no-build-isolation "$kit"
}

install_data() {
  mkdir -p "$data_home"
  case "$data" in
    none) ;;
    small) draw_data ;;
    *) unpack_data ;;
  esac
}

# Archives hold no decoded images, and an image that is read-only cannot decode them on first use.
unpack_data() {
  "$home/bin/python" -m zipfile --extract "$containers/$data" "$data_home"
  for folder in "$data_home"/students/*/cats_dogs; do
    [ ! -d "$folder" ] ||
      AUTOGRADER_DATA="$data_home" AUTOGRADER_PROFILE="$(basename "$(dirname "$folder")")" \
        "$home/bin/python" -c 'from autograder.datasets import cats_dogs; cats_dogs.load()'
  done
}

# A course with default settings; what is hidden of it is drawn with a secret that nobody keeps.
draw_data() {
  local course
  course="$(mktemp -d)"
  touch "$course/nbgrader_config.py" "$course/course_config.py"
  AUTOGRADER_DATA="$course/data" AUTOGRADER_PROFILE=small \
    "$home/bin/autograder" data prepare --course "$course"
  mv "$course/data/students" "$data_home/students"
  rm -r "$course"
}

verify() {
  "$home/bin/python" -m pip check
  "$home/bin/autograder" --help >/dev/null
  (cd / && TF_CPP_MIN_LOG_LEVEL=3 "$home/bin/python" -c 'import tensorflow')
}

clean_up() {
  apt-get clean
  rm -rf /var/lib/apt/lists/*
}

read_options "$@"
check_options
install_system
install_kit
install_data
verify
clean_up
echo "autograder ($variant, data: $data) is in $home"
