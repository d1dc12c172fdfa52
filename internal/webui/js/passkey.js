// Asks the browser for a passkey when its form is sent, and sends the answer instead. The form (data-passkey is "create" or "get",
// data-options what is asked for) is hidden until here: without scripts, or in a browser that knows no passkeys, there is none.
{
  const form = document.querySelector("form[data-passkey]");
  const known = window.PublicKeyCredential?.parseRequestOptionsFromJSON && window.PublicKeyCredential.parseCreationOptionsFromJSON;
  if (form && known) {
    const create = form.dataset.passkey === "create";
    const options = JSON.parse(form.dataset.options).publicKey;
    const wrong = form.querySelector("[role=alert]");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      wrong.hidden = true;
      try {
        const made = create
          ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
          : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
        form.elements.answer.value = JSON.stringify(made.toJSON());
        form.submit();
      } catch (err) {
        wrong.textContent = err.name === "InvalidStateError" ? "You have added this passkey already." : "Your browser gave no passkey. Try again, or go on without one.";
        wrong.hidden = false;
      }
    });
  }
}
