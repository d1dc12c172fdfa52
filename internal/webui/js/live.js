// Keeps parts of a page fresh: every element with data-live="SECONDS" and an id is brought up to its newer self. A page that names a
// stream of events (data-events on this script) is told when something has changed; any other looks by itself, every so many seconds.
// What the reader has at hand stays: a part with a field in use holds still, and what is opened stays open.
// The header Souk-Live says that nobody pressed a key for this: it keeps no session alive. Without scripts, reloading the page does the same.
{
  const parts = [...document.querySelectorAll("[data-live][id]")];
  const mark = document.querySelector("[data-live-mark]");
  const events = document.currentScript.dataset.events;
  const typing = (el) => el.contains(document.activeElement) && document.activeElement.matches("input,select,textarea");
  const plain = (el) => {
    const copy = el.cloneNode(true);
    for (const d of [copy, ...copy.querySelectorAll("details")]) d.removeAttribute("open");
    return copy.outerHTML;
  };

  // update brings here up to fresh. Children that have an id are told apart by it, so that those which did not change stay as they are.
  const update = (here, fresh) => {
    const old = new Map([...here.children].filter((c) => c.id).map((c) => [c.id, c]));
    const open = new Set([...here.querySelectorAll("details[open][id]")].map((d) => d.id));
    for (const d of fresh.querySelectorAll("details[id]")) if (open.has(d.id)) d.open = true;
    const now = [...fresh.childNodes].map((c) => {
      const was = c.id && old.get(c.id);
      if (!was) return c;
      if (plain(was) === plain(c)) return was;
      if (was.matches("div,section,ul,tbody") && c.querySelector(":scope > [id]")) { update(was, c); return was; }
      return c;
    });
    const focus = here.contains(document.activeElement) ? document.activeElement : undefined;
    here.replaceChildren(...now);
    if (focus && document.activeElement !== focus) successor(here, focus)?.focus({ preventScroll: true });
  };

  // successor is what stands in the place of a control that was replaced: of the same id, or leading to the same place, or saying the same.
  const successor = (here, was) => was.isConnected ? was : was.id ? document.getElementById(was.id) : [...here.querySelectorAll(was.tagName)].find((el) =>
    was.hasAttribute("href") ? el.getAttribute("href") === was.getAttribute("href") : el.textContent === was.textContent);

  let last = 0, waiting = false;
  const refresh = async () => {
    if (waiting) return;
    waiting = true;
    await new Promise((go) => setTimeout(go, Math.max(0, last + 400 - Date.now()))); // changes come in bursts
    waiting = false;
    last = Date.now();
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html", "Souk-Live": "1" }, cache: "no-store" });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of parts) {
        const here = document.getElementById(part.id), fresh = page.getElementById(part.id);
        if (here && fresh && !typing(here) && plain(here) !== plain(fresh)) update(here, fresh);
      }
    } catch {
      // The server is away for a moment: the next turn tries again.
    }
  };

  let stream;
  const say = (state, words) => { if (mark) { mark.dataset.state = state; mark.textContent = words; } };
  const listen = () => {
    stream?.close();
    if (document.visibilityState !== "visible") return; // a browser has few connections, and hidden pages need none
    stream = new EventSource(events);
    stream.onopen = () => say("on", "Live");
    stream.onerror = () => say("off", "Waiting for the sandbox");
    stream.addEventListener("changed", refresh);
    stream.addEventListener("tick", (e) => { for (const t of document.querySelectorAll("[data-now]")) t.textContent = e.data; });
  };
  if (events) {
    document.addEventListener("visibilitychange", listen);
    addEventListener("pagehide", () => stream?.close());
    listen();
  } else if (parts.length) {
    const pause = Math.min(...parts.map((p) => Number(p.dataset.live) * 1000 || 5000));
    const turn = async () => { if (document.visibilityState === "visible") await refresh(); setTimeout(turn, pause); };
    setTimeout(turn, pause);
  }
}
