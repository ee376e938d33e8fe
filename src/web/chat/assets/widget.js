// One script tag on a shop's page: <script src="https://desk.example/chat/NAME/widget.js" async></script>
// It adds a button and, when pressed, the chat in a frame. It reads nothing of the page and sets no style sheet.
(() => {
  const script = document.currentScript;
  if (!script || window.jiebanChat) return;
  window.jiebanChat = true;
  const home = new URL(script.src);
  home.pathname = home.pathname.replace(/\/widget\.js$/, '');
  home.search = '';
  const chinese = /^zh\b/i.test(document.documentElement.lang || navigator.language || 'zh');
  const says = chinese ? { open: '联系客服', close: '收起' } : { open: 'Chat with us', close: 'Close' };

  const style = (element, rules) => { for (const [name, value] of Object.entries(rules)) element.style.setProperty(name, value); };
  const host = document.createElement('div');
  style(host, { all: 'initial' });
  const root = host.attachShadow({ mode: 'open' });
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = says.open;
  button.setAttribute('aria-expanded', 'false');
  style(button, {
    position: 'fixed', right: '16px', bottom: '16px', 'z-index': '2147483000', 'min-height': '48px', padding: '0 20px', border: '0', 'border-radius': '24px',
    background: '#0b6b63', color: '#fff', font: '600 16px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif', cursor: 'pointer',
    'box-shadow': '0 2px 12px rgb(0 0 0 / .25)',
  });
  root.append(button);

  let frame = null;
  const narrow = window.matchMedia('(max-width: 480px)');
  function place() {
    if (!frame) return;
    style(frame, {
      position: 'fixed', 'z-index': '2147482999', border: '1px solid rgb(0 0 0 / .2)', background: 'Canvas', 'color-scheme': 'light dark',
      right: narrow.matches ? '0' : '16px', bottom: '76px', width: narrow.matches ? '100%' : '390px',
      height: narrow.matches ? 'calc(100% - 76px)' : 'min(600px, calc(100% - 96px))', 'border-radius': narrow.matches ? '0' : '12px',
    });
  }
  narrow.addEventListener('change', place);

  function toggle(open) {
    if (open && !frame) {
      frame = document.createElement('iframe');
      frame.title = says.open;
      frame.src = home.href;
      frame.referrerPolicy = 'no-referrer';
      place();
      root.prepend(frame);
    }
    if (frame) frame.style.setProperty('display', open ? 'block' : 'none');
    button.textContent = open ? says.close : says.open;
    button.setAttribute('aria-expanded', String(open));
    if (open) frame.focus();
  }
  button.addEventListener('click', () => toggle(button.getAttribute('aria-expanded') !== 'true'));
  document.addEventListener('keydown', (event) => { if (event.key === 'Escape') toggle(false); });

  const add = () => document.body.append(host);
  if (document.body) add(); else document.addEventListener('DOMContentLoaded', add);
})();
