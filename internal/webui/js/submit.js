// Sends the form marked data-submit as soon as the page is there. Without scripts its button does the same.
document.querySelector("form[data-submit]")?.requestSubmit();
