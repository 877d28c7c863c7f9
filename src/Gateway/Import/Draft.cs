using System.Globalization;

namespace Gateway.Import;

/// <summary>A section of the configuration that an import makes: keys in order, with comments.</summary>
internal sealed class Draft
{
    private readonly List<Entry> _entries = [];
    private readonly Dictionary<string, Entry> _byKey = new(StringComparer.OrdinalIgnoreCase);
    private Dictionary<string, int>? _numbers;

    /// <summary>One key; its value is a text, number, flag, list of texts, list of sections or a section.</summary>
    internal sealed class Entry(string key, object value)
    {
        public string Key { get; } = key;

        public object Value { get; set; } = value;

        /// <summary>Lines written above the key.</summary>
        public List<string> Comments { get; } = [];

        /// <summary>Whether the key is written as a comment: there to be read and switched on, and not in force.</summary>
        public bool IsOff { get; set; }
    }

    public IReadOnlyList<Entry> Entries => _entries;

    public bool IsEmpty => _entries.TrueForAll(entry => entry.IsOff);

    public bool Has(string key) => Find(key) is not null;

    /// <summary>The section of this name, made when there is none.</summary>
    public Draft Section(string key) => (Draft)GetOrAdd(key, () => new Draft()).Value;

    public Draft Set(string key, string value) => SetValue(key, value);

    public Draft Set(string key, long value) => SetValue(key, value);

    public Draft Set(string key, bool value) => SetValue(key, value);

    public Draft Set(string key, TimeSpan value) => SetValue(key, value.ToString("c", CultureInfo.InvariantCulture));

    public Draft Set(string key, IEnumerable<string> values) => SetValue(key, values.ToList());

    /// <summary>Appends a section to a list of sections.</summary>
    public Draft Append(string key)
    {
        var item = new Draft();
        ((List<Draft>)GetOrAdd(key, () => new List<Draft>()).Value).Add(item);
        return item;
    }

    /// <summary>Appends a text to a list of texts.</summary>
    public void Append(string key, string value) => ((List<string>)GetOrAdd(key, () => new List<string>()).Value).Add(value);

    /// <summary>Sets a key as another section has it.</summary>
    public void Copy(Entry entry) => SetValue(entry.Key, entry.Value);

    /// <summary>Takes empty sections off a list, and the list when nothing is left.</summary>
    public void TrimList(string key)
    {
        if (Find(key)?.Value is List<Draft> list && list.RemoveAll(item => item.Entries.Count == 0) >= 0 && list.Count == 0)
        {
            Remove(key);
        }
    }

    public string? Text(string key) => Find(key)?.Value as string;

    public IReadOnlyList<string> Texts(string key) => Find(key)?.Value as List<string> ?? [];

    public void Remove(string key)
    {
        if (_byKey.Remove(key, out var entry))
        {
            _entries.Remove(entry);
        }
    }

    public Draft Comment(string key, string comment)
    {
        var comments = Find(key)!.Comments;
        if (comment.Length > 0 && !comments.Contains(comment))
        {
            comments.Add(comment);
        }

        return this;
    }

    /// <summary>Writes the key as a comment, with the reason above it.</summary>
    public void SwitchOff(string key, string reason)
    {
        Find(key)!.IsOff = true;
        Comment(key, reason);
    }

    public bool IsOff(string key) => Find(key) is { IsOff: true };

    /// <summary>A key like <paramref name="wanted"/> that no entry has, without the characters a key cannot have.</summary>
    public string NewKey(string wanted)
    {
        var key = string.Concat(wanted.Select(c => c is ':' or '/' || char.IsControl(c) || char.IsWhiteSpace(c) ? '-' : c))
            .Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Trim('-');
        key = key.Length == 0 ? "unnamed" : key.Length > 100 ? key[..100] : key;
        if (!Has(key))
        {
            return key;
        }

        // A file may want the same one a hundred thousand times.
        _numbers ??= new(StringComparer.OrdinalIgnoreCase);
        var number = _numbers.GetValueOrDefault(key, 2);
        string unique;
        while (Has(unique = $"{key}-{number.ToString(CultureInfo.InvariantCulture)}"))
        {
            number++;
        }

        _numbers[key] = number;
        return unique;
    }

    private Draft SetValue(string key, object value)
    {
        GetOrAdd(key, () => value).Value = value;
        return this;
    }

    private Entry GetOrAdd(string key, Func<object> make)
    {
        if (Find(key) is not { } entry)
        {
            entry = new Entry(key, make());
            _entries.Add(entry);
            _byKey.Add(key, entry);
        }

        return entry;
    }

    private Entry? Find(string key) => _byKey.GetValueOrDefault(key);
}
