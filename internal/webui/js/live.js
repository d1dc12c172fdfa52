// Keeps parts of a page fresh: every element with data-live="SECONDS" and an id is replaced by its newer self. It holds still while
// somebody is at work in it (a field has the focus, or a detail is open). Without scripts, reloading the page does the same.
for (const part of document.querySelectorAll("[data-live][id]")) {
  const pause = Number(part.dataset.live) * 1000 || 5000;
  const busy = (el) => el.querySelector("details[open]") || (el.contains(document.activeElement) && document.activeElement.matches("input,select,textarea"));
  const refresh = async () => {
    const here = document.getElementById(part.id);
    try {
      if (document.visibilityState === "visible" && here && !busy(here)) {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
        if (answer.ok) {
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          const fresh = page.getElementById(part.id);
          if (fresh && !busy(here) && fresh.innerHTML !== here.innerHTML) here.replaceChildren(...fresh.childNodes);
        }
      }
    } catch {
      // The server is away for a moment: the next turn tries again.
    }
    setTimeout(refresh, pause);
  };
  setTimeout(refresh, pause);
}
