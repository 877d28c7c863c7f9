using System.Runtime.InteropServices;
using System.Text;

namespace Gateway.Http.Forwarding;

/// <summary>Takes the chunked framing off a body, strictly, and keeps its trailers.</summary>
/// <remarks>
/// RFC 9112, section 7.1: <c>size [;extension] CR LF data CR LF</c>, ended by a chunk of size 0, trailer fields and an empty
/// line. Sizes are hexadecimal digits and nothing else; extensions are dropped. Used in turns: <see cref="Read"/>
/// takes framing until data or the end comes; the caller takes up to <see cref="Available"/> bytes of data and says so
/// with <see cref="Take"/>.
/// </remarks>
internal sealed class ChunkedBody
{
    /// <summary>Bytes the trailer section may have.</summary>
    public const int MaxTrailers = 16 * 1024;

    private const int MaxTrailerFields = 64;
    private const int MaxSizeDigits = 15;
    private const int MaxExtension = 4096;

    private readonly List<(string Name, string Value)> _trailers = [];
    private readonly List<byte> _line = [];
    private State _state;
    private int _digits;
    private int _count;

    private enum State
    {
        Size,
        Extension,
        SizeLineFeed,
        Data,
        DataReturn,
        DataLineFeed,
        Trailer,
        TrailerLineFeed,
        End,
    }

    /// <summary>Bytes of the present chunk's data that are still to be taken.</summary>
    public long Available { get; private set; }

    public bool IsEnded => _state == State.End;

    public IReadOnlyList<(string Name, string Value)> Trailers => _trailers;

    public void Reset()
    {
        _state = State.Size;
        _digits = _count = 0;
        Available = 0;
        _trailers.Clear();
        _line.Clear();
    }

    /// <summary>Takes framing: <see cref="ParseStatus.Done"/> means that there is data, or that the body has ended.
    /// </summary>
    public ParseStatus Read(ReadOnlySpan<byte> bytes, out int consumed)
    {
        for (consumed = 0; _state is not (State.Data or State.End);)
        {
            if (consumed == bytes.Length)
            {
                return ParseStatus.NeedMore;
            }

            if (!TryTake(bytes[consumed++]))
            {
                return ParseStatus.Bad;
            }
        }

        return ParseStatus.Done;
    }

    /// <summary>Says that this many bytes of data were taken.</summary>
    public void Take(int bytes)
    {
        Available -= bytes;
        if (Available == 0)
        {
            _state = State.DataReturn;
        }
    }

    private bool TryTake(byte next) => _state switch
    {
        State.Size => TryTakeSize(next),
        State.Extension => TryTakeExtension(next),
        State.SizeLineFeed => next == '\n' && BeginChunk(),
        State.DataReturn => Expect(next, '\r', State.DataLineFeed),
        State.DataLineFeed => Expect(next, '\n', State.Size),
        State.Trailer => TryTakeTrailer(next),
        State.TrailerLineFeed => next == '\n' && EndTrailer(),
        _ => false,
    };

    private bool Expect(byte next, char expected, State then)
    {
        _state = then;
        return next == expected;
    }

    private bool TryTakeSize(byte next)
    {
        var digit = next switch
        {
            >= (byte)'0' and <= (byte)'9' => next - '0',
            >= (byte)'a' and <= (byte)'f' => next - 'a' + 10,
            >= (byte)'A' and <= (byte)'F' => next - 'A' + 10,
            _ => -1,
        };
        if (digit >= 0)
        {
            Available = (Available << 4) | (long)digit;
            return ++_digits <= MaxSizeDigits;
        }

        _count = 0;
        _state = next == ';' ? State.Extension : State.SizeLineFeed;
        return _digits > 0 && next is (byte)';' or (byte)'\r';
    }

    private bool TryTakeExtension(byte next)
    {
        if (next == '\r')
        {
            _state = State.SizeLineFeed;
            return true;
        }

        return ++_count <= MaxExtension && FieldLine.IsText([next]);
    }

    private bool BeginChunk()
    {
        _digits = _count = 0;
        _state = Available > 0 ? State.Data : State.Trailer;
        return true;
    }

    private bool TryTakeTrailer(byte next)
    {
        if (next == '\r')
        {
            _state = State.TrailerLineFeed;
            return true;
        }

        _line.Add(next);
        return ++_count <= MaxTrailers;
    }

    private bool EndTrailer()
    {
        if (_line.Count == 0)
        {
            _state = State.End;
            return true;
        }

        var line = CollectionsMarshal.AsSpan(_line);
        if (_trailers.Count == MaxTrailerFields || !FieldLine.TrySplit(line, out var nameLength, out var value))
        {
            return false;
        }

        _trailers.Add((Encoding.Latin1.GetString(line[..nameLength]), Encoding.Latin1.GetString(line[value])));
        _line.Clear();
        _state = State.Trailer;
        return true;
    }
}
