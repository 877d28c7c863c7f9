namespace Gateway.Configuration;

/// <summary>Where a value was written: a place in a file, an environment variable or the command line.</summary>
/// <param name="Source">File name, or words that name the other source.</param>
/// <param name="Line">Line in the file from 1, or 0 when the source has no lines.</param>
/// <param name="Column">Column in the line from 1, in characters.</param>
internal readonly record struct Origin(string Source, int Line = 0, int Column = 0)
{
    public override string ToString() => Line == 0 ? Source : $"{Source}:{Line}:{Column}";
}
