namespace Gateway.Import;

/// <summary>One directive of an imported file, and what became of it. A block is a directive with others in it.</summary>
/// <remarks>A directive that nobody judges is impossible, and a word that nobody reads is told: what a translator does not know is
/// thereby told, not dropped. <see cref="Words"/> only shows the words; the members below it read them.</remarks>
internal sealed class Statement(int line, IReadOnlyList<string> words, string text)
{
    private readonly List<string> _notes = [];
    private readonly HashSet<int> _read = [0];
    private Verdict? _verdict;

    /// <summary>The line it begins in, from 1.</summary>
    public int Line { get; } = line;

    /// <summary>The line it ends in; of a block that of its closing brace.</summary>
    public int LastLine { get; set; } = line;

    /// <summary>Name and arguments, without quotes and separators. Looking at them here reads none.</summary>
    public IReadOnlyList<string> Words { get; } = words;

    /// <summary>The directive as written, on one line; of a block the header and braces.</summary>
    public string Text { get; set; } = text;

    public List<Statement> Body { get; } = [];

    /// <summary>Whether it has braces, with something between them or not.</summary>
    public bool IsBlock { get; set; }

    public string Name => Words.Count > 0 ? Words[0] : "";

    /// <summary>The first argument, or nothing; reads it.</summary>
    public string Value => Word(1) ?? "";

    /// <summary>The arguments; reads them all.</summary>
    public IReadOnlyList<string> Arguments => Rest(1);

    /// <summary>The words that nobody has read, each run of them as one text.</summary>
    public IReadOnlyList<string> Unread
    {
        get
        {
            var runs = new List<string>();
            for (var i = 1; i < Words.Count; i++)
            {
                if (_read.Contains(i))
                {
                    continue;
                }

                if (i > 1 && !_read.Contains(i - 1))
                {
                    runs[^1] += " " + Words[i];
                }
                else
                {
                    runs.Add(Words[i]);
                }
            }

            return runs;
        }
    }

    public bool IsJudged => _verdict is not null;

    public Verdict Verdict => _verdict switch
    {
        null => Verdict.Impossible,
        < Verdict.Approximated when Unread.Count > 0 => Verdict.Approximated,
        Verdict.Same when _notes.Count > 0 => Verdict.SameWithNote,
        { } known => known,
    };

    public string Note => string.Join("; ", _verdict switch
    {
        null => _notes.Append("Gateway knows no such directive"),
        Verdict.Impossible => _notes,
        _ => _notes.Concat(Unread.Select(words => $"'{words}' is left out: it means nothing to Gateway")),
    });

    /// <summary>The word of this index, or null; reads it.</summary>
    public string? Word(int index)
    {
        _read.Add(index);
        return index < Words.Count ? Words[index] : null;
    }

    /// <summary>The words from this index on; reads them all.</summary>
    public IReadOnlyList<string> Rest(int from)
    {
        for (var i = from; i < Words.Count; i++)
        {
            _read.Add(i);
        }

        return [.. Words.Skip(from)];
    }

    /// <summary>Whether an argument is this word; reads it.</summary>
    public bool Has(string word)
    {
        var has = false;
        for (var i = 1; i < Words.Count; i++)
        {
            has |= Words[i] == word && (_read.Add(i) || true);
        }

        return has;
    }

    /// <summary>The word behind the first argument that is this one, or null; reads both.</summary>
    public string? After(string word)
    {
        for (var i = 1; i < Words.Count; i++)
        {
            if (Words[i] == word)
            {
                _read.Add(i);
                return Word(i + 1);
            }
        }

        return null;
    }

    public void Same(string? note = null) => Judge(Verdict.Same, note);

    public void Approximated(string how) => Judge(Verdict.Approximated, how);

    public void Impossible(string why) => Judge(Verdict.Impossible, why);

    /// <summary>Judges the directive with all its words, whatever they are.</summary>
    public void Whole(Verdict verdict, string note)
    {
        Rest(1);
        Judge(verdict, note);
    }

    /// <summary>Adds a judgement; the worst one counts, and all notes are told.</summary>
    public void Judge(Verdict verdict, string? note = null)
    {
        _verdict = _verdict is { } before && before > verdict ? before : verdict;
        Remark(note);
    }

    /// <summary>Adds a note without a judgement.</summary>
    public void Remark(string? note)
    {
        if (!string.IsNullOrEmpty(note) && !_notes.Contains(note))
        {
            _notes.Add(note);
        }
    }

    /// <summary>The last directive of this name in the block, or null. Earlier ones are told to be overridden by it.</summary>
    public Statement? Last(string name)
    {
        Statement? last = null;
        foreach (var statement in Body.Where(statement => statement.Name == name))
        {
            last?.Whole(Verdict.Same, $"line {statement.Line} overrides it");
            last = statement;
        }

        return last;
    }

    /// <summary>This statement and all in it, in the order of the file.</summary>
    public IEnumerable<Statement> All() => Body.SelectMany(inner => inner.All()).Prepend(this);

    /// <summary>Judges it and all in it that has no judgement yet, with all their words.</summary>
    public void JudgeAll(Verdict verdict, string note)
    {
        foreach (var statement in All().Where(statement => !statement.IsJudged))
        {
            statement.Whole(verdict, note);
        }
    }
}
