export function Tabs<T extends string>(props: {
  label: string;
  names: { [key in T]: string };
  value: T;
  onChange: (next: T) => void;
}) {
  const { label, names, value, onChange } = props;
  const keys = Object.keys(names) as T[];
  return (
    <div className="tabs" role="tablist" aria-label={label}>
      {keys.map((key, i) => (
        <button
          type="button"
          role="tab"
          key={key}
          aria-selected={key === value}
          tabIndex={key === value ? 0 : -1}
          onClick={() => onChange(key)}
          onKeyDown={(event) => {
            const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
            const next = by && keys[(i + by + keys.length) % keys.length];
            if (!next) return;
            onChange(next);
            (event.currentTarget.parentElement?.children[keys.indexOf(next)] as HTMLElement | undefined)?.focus();
          }}
        >
          {names[key]}
        </button>
      ))}
    </div>
  );
}
