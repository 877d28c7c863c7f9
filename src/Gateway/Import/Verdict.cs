namespace Gateway.Import;

/// <summary>How much of a directive Gateway keeps, from all of it to nothing.</summary>
internal enum Verdict
{
    /// <summary>Gateway does the same.</summary>
    Same,

    /// <summary>Gateway does the same, and there is something to know.</summary>
    SameWithNote,

    /// <summary>Gateway does something near it; the note says how it differs.</summary>
    Approximated,

    /// <summary>Gateway does nothing of it; the note says why.</summary>
    Impossible,
}
