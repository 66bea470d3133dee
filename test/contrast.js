/**
 * Runs in a page: the contrast of each pair of text and ground that occurs, by the formula of WCAG 2.2. Plain JavaScript,
 * because the project's types know no document.
 */
(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });

  function rgba(color) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  }

  function luminance(color) {
    const [r, g, b] = rgba(color).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  function groundOf(element) {
    if (element === null) return 'white';
    const color = getComputedStyle(element).backgroundColor;
    return rgba(color)[3] === 255 ? color : groundOf(element.parentElement);
  }

  const found = new Map();
  for (const element of document.querySelectorAll('body *:not(script, style, title, desc, .watermark *)')) {
    const own = [...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE);
    const text = own.map((node) => node.textContent).join('');
    if (text.trim() === '') continue;
    const style = getComputedStyle(element);
    const color = element instanceof SVGElement ? style.fill : style.color;
    const ground = groundOf(element);
    const [light, dark] = [luminance(color), luminance(ground)].sort((a, b) => b - a);
    const pair = `${color} on ${ground}`;
    found.set(pair, { pair, contrast: (light + 0.05) / (dark + 0.05), text: text.trim().slice(0, 40) });
  }
  return [...found.values()];
})();
