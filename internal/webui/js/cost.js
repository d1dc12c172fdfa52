// Keeps the price of a form that is being filled in up to date: the button marked data-cost asks for the same page with the form's
// fields in its query, and of the answer the element with the id "cost" is shown. Without scripts, the button does it.
{
  const button = document.querySelector("button[data-cost]");
  if (button) {
    button.hidden = true;
    let turn = 0;
    const ask = async () => {
      const mine = ++turn;
      await new Promise((go) => setTimeout(go, 150)); // somebody is typing
      if (mine !== turn) return;
      const query = new URLSearchParams(new FormData(button.form));
      query.delete("nonce");
      query.set(button.name, button.value);
      try {
        const answer = await fetch(button.getAttribute("formaction") + "?" + query, { headers: { Accept: "text/html" }, cache: "no-store" });
        if (!answer.ok || mine !== turn) return;
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("cost");
        const here = document.getElementById("cost");
        if (fresh && here && fresh.innerHTML !== here.innerHTML) here.innerHTML = fresh.innerHTML;
      } catch {
        // The server is away for a moment: the next change asks again.
      }
    };
    button.form.addEventListener("input", ask);
  }
}
