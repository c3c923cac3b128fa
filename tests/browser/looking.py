"""What a page is looked at for: JavaScript of ours, run beside a page whose own is off."""

TITLE = "document.title"
HEADING = "document.querySelector('h1').textContent"
FOCUS = "document.activeElement.id || document.activeElement.className"
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

# Boxes with more in them than shows without scrolling them.
SCROLLING = """
[...document.querySelectorAll('.wide')]
  .filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent.trim().slice(0, 40))
"""

# Contrast as WCAG counts it, of every text that is shown, against what is painted behind it.
FAINT_TEXTS = """
(() => {
  const numbers = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = c => {
    const [r, g, b] = numbers(c).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (numbers(c)[3] !== 0) return c;
    }
    return 'rgb(255, 255, 255)';
  };
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let t = texts.nextNode(); t; t = texts.nextNode()) {
    const e = t.parentElement;
    if (!t.textContent.trim() || !e.checkVisibility()) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) found.push(t.textContent.trim());
  }
  return found;
})()
"""

# Fields without a label, ids that occur twice, headings that skip a level, small targets, and
# references to elements that are not there.
FAULTS_OF_STRUCTURE = """
(() => {
  const found = [];
  const all = q => [...document.querySelectorAll(q)];
  for (const e of all('input:not([type=hidden]), select, textarea'))
    if (!e.labels.length) found.push('no label: ' + e.name);
  const ids = all('[id]').map(e => e.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push('twice: ' + id);
  for (const name of ['aria-describedby', 'aria-labelledby'])
    for (const e of all(`[${name}]`))
      for (const id of e.getAttribute(name).split(' '))
        if (!document.getElementById(id)) found.push('refers to nothing: ' + id);
  if (all('h1').length !== 1) found.push('not one h1');
  let level = 0;
  for (const e of all('main h1, main h2, main h3').filter(e => !e.closest('.problems, .changed'))) {
    const now = Number(e.tagName[1]);
    if (now > level + 1) found.push('skips to ' + e.textContent);
    level = now;
  }
  for (const e of all('table'))
    if (!e.caption || !e.querySelector('th[scope]')) found.push('a table without caption or scope');
  for (const q of ['main', 'header', 'footer', 'html[lang]', '.skip'])
    if (all(q).length !== 1) found.push('not one ' + q);
  for (const e of all('button, input:not([type=hidden]), select')) {
    const box = e.getBoundingClientRect();
    if (e.checkVisibility() && Math.min(box.width, box.height) < 24) found.push('small: ' + e.name);
  }
  for (const e of all('script, [style], [onclick], img:not([alt])')) found.push(e.outerHTML);
  return found;
})()
"""
