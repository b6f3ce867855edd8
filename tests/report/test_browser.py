"""The page in a real browser, without a network: the filter, a task, the keyboard, both themes.

Needs Chromium with its driver (Debian: ``chromium chromium-driver``) and selenium.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hpctc.report.page import page
from hpctc.report.reading import read
from tests.report.conftest import Speech

if TYPE_CHECKING:
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

BROWSER = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
DRIVER = shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(
    BROWSER is None or DRIVER is None,
    reason="no Chromium with chromedriver; Debian: apt-get install chromium chromium-driver",
)

FLAGS = (
    "--headless",
    "--no-sandbox",  # the tests may run as root in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # offline, whatever this machine is
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Chrome]":
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium: pip install '.[dev]'")
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(DRIVER, env=dict(os.environ))
    with webdriver.Chrome(options=options, service=service) as driver:
        yield driver


@pytest.fixture
def opened(browser: "Chrome", write_run: Callable[..., Path], tmp_path: Path) -> "Chrome":
    """Two runs of five tasks, on a screen of 1280 points."""
    tasks = {"conv": 2.0, "gelu": "not built", "softmax": 0.5, "sum": "wrong", "tanh": 1.5}
    first = write_run("first", tasks)
    second = write_run("second", {**tasks, "conv": 1.0, "sum": 3.0})
    (tmp_path / "report.html").write_text(page([read(first), read(second)]), encoding="utf-8")
    browser.get("about:blank")
    screen(browser, 1280)
    browser.get(f"file://{tmp_path}/report.html")
    return browser


def screen(browser: "Chrome", width: int, scheme: str = "light", media: str = "") -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
    )
    features = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},  # a click waits for no scrolling
    ]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})


def one(browser: "Chrome", css: str) -> "WebElement":
    return browser.find_element("css selector", css)


def names(browser: "Chrome") -> list[str]:
    rows = browser.find_elements("css selector", "#table tbody tr th")
    return [row.text for row in rows if row.is_displayed()]


def press(browser: "Chrome", key: str) -> None:
    browser.switch_to.active_element.send_keys(key)


def is_open(browser: "Chrome") -> bool:
    return bool(browser.execute_script("return document.getElementById('sheet').open"))


def enter(browser: "Chrome", css: str) -> None:
    """Click on a task, and see its view."""
    one(browser, css).click()
    wait(browser, is_open)


def heading(browser: "Chrome") -> str | None:
    """Of the task that is shown."""
    return next((h.text for h in browser.find_elements("css selector", "#body h2")), None)


def wait(browser: "Chrome", until: "Callable[[Chrome], bool]") -> None:
    """A page hears of its new address a moment later; on a busy machine a long one."""
    from selenium.webdriver.support.wait import WebDriverWait

    WebDriverWait(browser, 10).until(until)


def test_the_filter_narrows_the_table(opened: "Chrome") -> None:
    assert names(opened) == ["conv", "gelu", "softmax", "sum", "tanh"]
    one(opened, "#find").send_keys("soft")
    assert names(opened) == ["softmax"]
    assert one(opened, "#count").text == "1 of 5 tasks"
    one(opened, "#clear").click()
    one(opened, "#verdict option:nth-child(3)").click()
    assert one(opened, "#verdict").get_property("value") == "wrong"
    assert names(opened) == ["sum"]
    one(opened, "#find").send_keys("nothing like it")
    assert names(opened) == []
    assert one(opened, "#none").is_displayed()
    one(opened, "#clear2").click()
    assert len(names(opened)) == 5
    one(opened, "#change option[value=''] ~ option:nth-of-type(3)").click()
    assert names(opened) == ["conv"]


def test_the_reason_of_a_failure_can_be_found(opened: "Chrome") -> None:
    one(opened, "#find").send_keys("unknown TYPE")
    assert names(opened) == ["gelu"]


def test_a_click_on_a_heading_sorts(opened: "Chrome") -> None:
    heading = one(opened, "#table thead th:nth-child(5) button")
    heading.click()
    assert names(opened)[:3] == ["conv", "tanh", "softmax"]
    assert one(opened, "#table thead th:nth-child(5)").get_attribute("aria-sort") == "descending"
    heading.click()
    assert names(opened)[:3] == ["softmax", "tanh", "conv"]
    assert set(names(opened)[3:]) == {"gelu", "sum"}  # what was not timed stays at the end
    one(opened, "#table thead th:nth-child(4) button").click()
    assert names(opened)[3:] == ["gelu", "sum"]  # the right ones first: not built, wrong


def test_a_click_on_a_task_shows_everything_of_it(opened: "Chrome") -> None:
    enter(opened, "#table tbody tr:nth-child(4)")
    assert is_open(opened)
    wait(opened, lambda b: heading(b) == "sum")
    shown = [code.text for code in opened.find_elements("css selector", "#body .code")]
    assert "__global__ void sum_kernel" in shown[0]
    assert "void sum(const float *restrict x" in shown[1]
    assert "y[0, 3] is 1, expected 2" in one(opened, "#body .outcomes").text
    one(opened, "#body .pane select option:nth-child(4)").click()
    assert "Translate sum <now> & here." in one(opened, "#body .pane .code").text
    graph = one(opened, "#body button[data-show]")
    graph.click()
    assert "graph sum_op(x: f32" in one(opened, "#body .pane .code").text
    assert len(opened.find_elements("css selector", "#body .timings svg")) == 1
    one(opened, "#close").click()
    assert not is_open(opened)


def test_the_keyboard_is_enough(opened: "Chrome") -> None:
    press(opened, "/")
    press(opened, "s")
    press(opened, "u")
    assert names(opened) == ["sum"]  # "su": no other task, graph or reason has it
    one(opened, "#clear").click()
    opened.execute_script("document.querySelector('#table tbody a').focus()")
    press(opened, "\ue007")  # enter
    wait(opened, lambda b: heading(b) == "conv")
    press(opened, "\ue014")  # right
    wait(opened, lambda b: heading(b) == "gelu")
    press(opened, "\ue012")  # left
    press(opened, "\ue012")
    wait(opened, lambda b: heading(b) == "tanh")
    press(opened, "\ue00c")  # escape
    wait(opened, lambda b: not is_open(b))
    # The browser itself gives the focus back to where it was; the page moves it after that.
    wait(opened, lambda b: b.switch_to.active_element.text == "tanh")


def test_any_record_is_a_link(opened: "Chrome") -> None:
    held = opened.execute_script(
        "return [...document.querySelectorAll('template[data-ids]')].map(t => t.dataset.ids)"
    )
    last = held[2].split()[-1]
    opened.execute_script("location.hash = arguments[0]", last)
    wait(opened, lambda b: heading(b) == "softmax")


@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_is_wider_than_the_screen(opened: "Chrome", width: int) -> None:
    screen(opened, width)
    assert opened.execute_script("return document.documentElement.scrollWidth") <= width
    enter(opened, "#table tbody a")
    assert opened.execute_script("return document.getElementById('body').scrollWidth") <= width
    shown = opened.execute_script(
        "return ['narrow', 'wide'].map(kind => [...document.querySelectorAll(`svg.${kind}`)]"
        ".filter(plot => getComputedStyle(plot).display !== 'none').length)"
    )
    assert (shown[0] > 0, shown[1] > 0) == (width == 400, width == 1280)


def test_many_runs_fit_a_phone(
    browser: "Chrome", write_run: Callable[..., Path], tmp_path: Path
) -> None:
    names = [f"run-of-a-long-name-{n}" for n in range(6)]
    runs = [read(write_run(name, {"conv": 1.0, "sum": 2.0})) for name in names]
    (tmp_path / "many.html").write_text(page(runs), encoding="utf-8")
    screen(browser, 400)
    browser.get(f"file://{tmp_path}/many.html")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 400


@pytest.fixture
def spoken(browser: "Chrome", write_run: Callable[..., Path], tmp_path: Path) -> "Chrome":
    """A model with two strategies, one of them with repair turns; ``sum`` is repaired."""
    tasks = {"conv": 2.0, "gelu": "not built", "sum": 3.0}
    plain = write_run("plain", tasks, code="one", speech=Speech("autoregressive", 8.0, ()))
    drafts = write_run("drafts", tasks, code="one", speech=Speech(repairs=True))
    (tmp_path / "spoken.html").write_text(page([read(plain), read(drafts)]), encoding="utf-8")
    browser.get("about:blank")
    screen(browser, 1280)
    browser.get(f"file://{tmp_path}/spoken.html")
    return browser


def test_a_draft_shows_whose_it_is(spoken: "Chrome") -> None:
    bars = spoken.find_elements("css selector", "#language svg.wide rect")
    assert len(bars) == 1 + 3  # the model alone; two drafters and the model
    shown = {bar.value_of_css_property("fill") for bar in bars}
    assert len(shown) == 3  # each its own colour, the model the same one twice
    enter(spoken, "#table tbody tr:nth-child(1) a")
    select = one(spoken, "#body .pane:nth-child(2) select")
    (answer,) = [
        o for o in select.find_elements("tag name", "option") if o.text == "drafts: answer"
    ]
    answer.click()
    pane = one(spoken, "#body .pane:nth-child(2) .code")
    assert "compiler, " in pane.find_element("css selector", ".keys").text
    drafted = pane.find_element("css selector", "i.d0[data-tip]")
    grounds = {part.value_of_css_property("background-color") for part in (drafted, pane)}
    assert len(grounds) == 2
    spoken.execute_script(
        "arguments[0].dispatchEvent(new PointerEvent('pointerover', {bubbles: true}))", drafted
    )
    assert one(spoken, "#tip").text == "compiler: 4 tokens"


def test_turns_open_beside_the_task(spoken: "Chrome") -> None:
    enter(spoken, "#table tbody tr:nth-child(3) a")
    turns = spoken.find_elements("css selector", "#body .turns li")
    assert [turn.text.split()[0] for turn in turns] == ["not", "correct"]
    turns[1].find_element("css selector", "button").click()
    left, right = spoken.find_elements("css selector", "#body .pane .code")
    assert "__global__" in left.text
    assert "gcc says:" in right.text
    chosen = one(spoken, "#body .pane:nth-child(2) option:checked")
    assert chosen.text == "drafts: prompt, turn 2"


@pytest.mark.parametrize("width", [400, 1280])
def test_a_language_model_fits_the_screen(spoken: "Chrome", width: int) -> None:
    screen(spoken, width)
    assert spoken.execute_script("return document.documentElement.scrollWidth") <= width
    enter(spoken, "#table tbody tr:nth-child(3) a")
    assert spoken.execute_script("return document.getElementById('body').scrollWidth") <= width


def test_the_theme_follows_the_system_until_it_is_chosen(opened: "Chrome") -> None:
    def ground() -> int:
        found = opened.execute_script("return getComputedStyle(document.body).backgroundColor")
        return int(found.split("(")[1].split(",")[0])

    assert ground() > 200
    screen(opened, 1280, "dark")
    assert ground() < 60
    one(opened, "#theme").click()
    assert ground() > 200


def test_a_print_has_no_controls(opened: "Chrome") -> None:
    screen(opened, 1280, "dark", "print")
    assert not one(opened, ".filters").is_displayed()
    assert not one(opened, ".top").is_displayed()
    assert one(opened, "#table").is_displayed()
    background = opened.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(255, 255, 255)"


def test_a_task_is_printed_whole(opened: "Chrome") -> None:
    enter(opened, "#table tbody a")
    opened.execute_script("dispatchEvent(new Event('beforeprint'))")
    screen(opened, 1280, "light", "print")
    assert not one(opened, "#sheet").is_displayed()
    assert not one(opened, "main").is_displayed()
    paper = one(opened, "#paper").text
    assert "__global__ void conv_kernel" in paper
    assert "first" in paper
    opened.execute_script("dispatchEvent(new Event('afterprint'))")
    assert not opened.find_elements("id", "paper")


def test_the_browser_has_nothing_to_complain_about(opened: "Chrome") -> None:
    opened.get_log("browser")
    opened.refresh()
    enter(opened, "#table tbody a")
    assert opened.get_log("browser") == []
    requests = opened.execute_script("return performance.getEntriesByType('resource').length")
    assert requests == 0
