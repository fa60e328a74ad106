/* A note beside each cell that came from the cache: told by the reply, kept in the page only.

   Written by hand in the form that JupyterLab 4 loads: a container with `init` and
   `get`, as webpack's module federation makes them. Nothing goes into the notebook's file. */
(function () {
  'use strict';

  const STYLE = `
    .jp-InputArea[data-akernel-cache] { position: relative; }
    .jp-InputArea[data-akernel-cache]::after {
      content: attr(data-akernel-cache);
      position: absolute; right: 4px; bottom: 1px; padding: 0 4px; pointer-events: none;
      font-size: 10px; color: var(--jp-ui-font-color2, gray);
      background: var(--jp-cell-editor-background, transparent);
    }`;
  let shared = {};

  function cellOf(panel, id) {
    return panel.content.widgets.find(cell => cell.model.id === id);
  }

  function mark(panel, id, note) {
    const area = cellOf(panel, id)?.inputArea?.node;
    if (!area) {
      return;
    }
    if (note) {
      area.setAttribute('data-akernel-cache', note);
    } else {
      area.removeAttribute('data-akernel-cache');
    }
  }

  function listen(panel, kernel) {
    const asked = new Map();
    kernel.anyMessage.connect((_, { msg, direction }) => {
      const type = msg.header.msg_type;
      if (direction === 'send' && type === 'execute_request' && msg.metadata?.cellId) {
        asked.set(msg.header.msg_id, msg.metadata.cellId);
        mark(panel, msg.metadata.cellId, '');
      } else if (direction === 'recv' && type === 'execute_reply') {
        const id = asked.get(msg.parent_header.msg_id);
        asked.delete(msg.parent_header.msg_id);
        mark(panel, id, msg.metadata?.akernel?.cache?.note);
      }
    });
  }

  function watch(_, panel) {
    const context = panel.sessionContext;
    if (context.session?.kernel) {
      listen(panel, context.session.kernel);
    }
    context.kernelChanged.connect((_, change) => {
      if (change.newValue) {
        listen(panel, change.newValue);
      }
    });
  }

  async function extension() {
    const offered = Object.values(shared['@jupyterlab/notebook'] || {});
    const notebook = offered.length ? (await offered[0].get())() : {};
    return () => ({
      __esModule: true,
      default: {
        id: 'akernel-cache:note',
        description: 'Says which cells came from the cache.',
        autoStart: true,
        requires: notebook.INotebookTracker ? [notebook.INotebookTracker] : [],
        activate: (app, tracker) => {
          if (!tracker) {
            return;
          }
          const style = document.createElement('style');
          style.textContent = STYLE;
          document.head.appendChild(style);
          tracker.forEach(panel => watch(tracker, panel));
          tracker.widgetAdded.connect(watch);
        }
      }
    });
  }

  const containers = (window._JUPYTERLAB = window._JUPYTERLAB || {});
  containers['akernel-cache'] = {
    init: scope => {
      shared = scope;
    },
    get: extension
  };
})();
