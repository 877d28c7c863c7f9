namespace Gateway.Relay;

/// <summary>Bytes that were read of a client before there was somebody to give them to. Used by one at a time.</summary>
internal sealed class Ahead
{
    private ReadOnlyMemory<byte> _bytes;

    public int Length => _bytes.Length;

    /// <summary>Holds further bytes, behind those that are held.</summary>
    public void Add(ReadOnlyMemory<byte> bytes)
    {
        if (_bytes.IsEmpty)
        {
            _bytes = bytes;
            return;
        }

        var all = new byte[_bytes.Length + bytes.Length];
        _bytes.CopyTo(all);
        bytes.CopyTo(all.AsMemory(_bytes.Length));
        _bytes = all;
    }

    /// <summary>Takes the first of them, so many at most.</summary>
    public ReadOnlyMemory<byte> Take(int most)
    {
        var taken = _bytes[..Math.Min(most, _bytes.Length)];
        _bytes = _bytes[taken.Length..];
        return taken;
    }
}
