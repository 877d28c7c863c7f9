using Gateway.Clusters;

namespace Gateway.Configuration;

/// <summary>Decides from looks at a file, made at a steady pace, when a change of it is complete.</summary>
/// <remarks>A file that stays the same for one look is read. When it is wrong then, it may be half written by a slow
/// editor: its errors are believed only after <see cref="LooksBeforeErrors"/> more looks. Used by one loop.</remarks>
internal sealed class FileSettling(FileStamp? handled)
{
    private const int LooksBeforeErrors = 3;

    private FileStamp? _handled = handled;
    private FileStamp? _seen = handled;
    private int _same;

    /// <summary>Whether errors of the file as it is now are to be believed.</summary>
    public bool IsSettled => _same > LooksBeforeErrors;

    /// <summary>Takes one look; true when the file is new and has stopped changing.</summary>
    public bool Observe(FileStamp? now)
    {
        _same = now == _seen ? _same + 1 : 0;
        _seen = now;
        return now is not null && now != _handled && _same > 0;
    }

    /// <summary>The file as it was last seen has been dealt with.</summary>
    public void Handled() => _handled = _seen;

    /// <summary>The same for a version that was read between two looks.</summary>
    public void Handled(FileStamp? version) => _handled = _seen = version;
}
