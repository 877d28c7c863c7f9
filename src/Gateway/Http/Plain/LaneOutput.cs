using System.Buffers;
using System.Text;
using Gateway.Http.Forwarding;

namespace Gateway.Http.Plain;

/// <summary>Bytes on their way to a client, which hold memory only while there are some.</summary>
internal sealed class LaneOutput
{
    private byte[]? _bytes;
    private int _start;
    private int _end;

    public bool IsEmpty => _start == _end;

    /// <summary>What is to be sent.</summary>
    public ReadOnlySpan<byte> Rest => _bytes.AsSpan(_start, _end - _start);

    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        _end += bytes.Length;
    }

    /// <summary>Writes one byte for each character: that is how the text was read.</summary>
    public void Write(string text) => _end += Encoding.Latin1.GetBytes(text, Room(text.Length));

    /// <summary>So many bytes of it are sent.</summary>
    public void Advance(int sent)
    {
        _start += sent;
        if (IsEmpty)
        {
            Clear();
        }
    }

    /// <summary>Forgets what is not sent.</summary>
    public void Clear()
    {
        if (_bytes is { } bytes)
        {
            _bytes = null;
            _start = _end = 0;
            Return(bytes);
        }
    }

    private Span<byte> Room(int bytes)
    {
        _bytes ??= ExchangeBuffers.Take();
        if (_bytes.Length - _end < bytes)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(2 * _bytes.Length, _end + bytes));
            _bytes.AsSpan(0, _end).CopyTo(larger);
            Return(_bytes);
            _bytes = larger;
        }

        return _bytes.AsSpan(_end);
    }

    private static void Return(byte[] bytes)
    {
        if (bytes.Length == ExchangeBuffers.Size)
        {
            ExchangeBuffers.Return(bytes);
        }
        else
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
