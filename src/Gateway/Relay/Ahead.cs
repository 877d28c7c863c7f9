namespace Gateway.Relay;

/// <summary>Bytes that were read of a client before there is somebody to give them to.</summary>
internal static class Ahead
{
    /// <summary>These bytes one behind the other.</summary>
    public static ReadOnlyMemory<byte> Join(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second)
    {
        var all = new byte[first.Length + second.Length];
        first.CopyTo(all);
        second.CopyTo(all.AsMemory(first.Length));
        return all;
    }
}
