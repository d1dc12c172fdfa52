// Says, while one writes, roughly how many pages it will be. Without scripts the page works the same.
const text = document.getElementById("text"), count = document.getElementById("count");
if (text && count) {
  const idle = count.textContent;
  text.addEventListener("input", () => {
    const lines = text.value.split("\n").reduce((n, l) => n + Math.max(1, Math.ceil(l.length / 62)), 0);
    const pages = Math.max(1, Math.round(lines / 26));
    count.textContent = text.value.trim() ? `About ${pages} ${pages === 1 ? "page" : "pages"}.` : idle;
  });
}
