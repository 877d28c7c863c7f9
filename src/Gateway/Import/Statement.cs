namespace Gateway.Import;

/// <summary>One directive of an imported file, and what became of it. A block is a directive with others in it.</summary>
/// <remarks>A directive that nobody judges is impossible: what a translator does not know is thereby told, not dropped.</remarks>
internal sealed class Statement(int line, IReadOnlyList<string> words, string text)
{
    private readonly List<string> _notes = [];
    private Verdict? _verdict;

    /// <summary>The line it begins in, from 1.</summary>
    public int Line { get; } = line;

    /// <summary>The line it ends in; of a block that of its closing brace.</summary>
    public int LastLine { get; set; } = line;

    /// <summary>Name and arguments, without quotes and separators.</summary>
    public IReadOnlyList<string> Words { get; } = words;

    /// <summary>The directive as written, on one line; of a block the header and braces.</summary>
    public string Text { get; set; } = text;

    public List<Statement> Body { get; } = [];

    /// <summary>Whether it has braces, with something between them or not.</summary>
    public bool IsBlock { get; set; }

    public string Name => Words.Count > 0 ? Words[0] : "";

    /// <summary>The first argument, or nothing.</summary>
    public string Value => Words.Count > 1 ? Words[1] : "";

    public IEnumerable<string> Arguments => Words.Skip(1);

    public bool IsJudged => _verdict is not null;

    public Verdict Verdict => _verdict switch
    {
        null => Verdict.Impossible,
        Verdict.Same when _notes.Count > 0 => Verdict.SameWithNote,
        { } known => known,
    };

    public string Note => _verdict is null
        ? string.Join("; ", _notes.Append("Gateway knows no such directive"))
        : string.Join("; ", _notes);

    public void Same(string? note = null) => Judge(Verdict.Same, note);

    public void Approximated(string how) => Judge(Verdict.Approximated, how);

    public void Impossible(string why) => Judge(Verdict.Impossible, why);

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
            last?.Same($"line {statement.Line} overrides it");
            last = statement;
        }

        return last;
    }

    /// <summary>This statement and all in it, in the order of the file.</summary>
    public IEnumerable<Statement> All() => Body.SelectMany(inner => inner.All()).Prepend(this);

    /// <summary>Judges it and all in it that has no judgement yet.</summary>
    public void JudgeAll(Verdict verdict, string? note = null)
    {
        foreach (var statement in All().Where(statement => !statement.IsJudged))
        {
            statement.Judge(verdict, note);
        }
    }
}
