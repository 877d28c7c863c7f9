using System.Globalization;
using System.Text;
using FsCheck.Xunit;
using Gateway.Http.Forwarding;

namespace Gateway.Tests.Http.Forwarding;

public class ChunkedBodyTests
{
    [Property(MaxTest = 300)]
    public void Read_AnyPieces_GiveBackWhatWasFramed(byte[][] chunks, int cut, bool extensions)
    {
        var framed = new List<byte>();
        foreach (var chunk in chunks.Where(chunk => chunk.Length > 0))
        {
            framed.AddRange(Encoding.ASCII.GetBytes(
                chunk.Length.ToString("x", CultureInfo.InvariantCulture) + (extensions ? ";a=\"b\"" : "") + "\r\n"));
            framed.AddRange(chunk);
            framed.AddRange("\r\n"u8);
        }

        framed.AddRange("0\r\nX-T: 1\r\n\r\nrest"u8);

        var (data, rest, body) = Read([.. framed], (Math.Abs(cut % 50)) + 1);

        Assert.Equal(chunks.SelectMany(chunk => chunk), data);
        Assert.Equal("rest", Encoding.ASCII.GetString(rest));
        Assert.Equal([("X-T", "1")], body.Trailers);
    }

    [Fact]
    public void Read_MutatedFraming_NeverThrowsAndNeverGivesMoreThanCame()
    {
        var seed = "5\r\nhello\r\nA;x=1\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n"u8.ToArray();
        byte[] words = [.. "\r\n ;:09afAF\0\x7f"u8];
        var random = new Random(6);
        var body = new ChunkedBody();
        for (var i = 0; i < 300_000; i++)
        {
            var bytes = seed.ToArray();
            for (var changes = random.Next(4); changes >= 0; changes--)
            {
                bytes[random.Next(bytes.Length)] = words[random.Next(words.Length)];
            }

            body.Reset();
            var at = 0;
            while (body.Read(bytes.AsSpan(at), out var consumed) == ParseStatus.Done && !body.IsEnded)
            {
                at += consumed;
                Assert.True(body.Available > 0);
                var piece = (int)Math.Min(body.Available, bytes.Length - at);
                if (piece == 0)
                {
                    break;
                }

                body.Take(piece);
                at += piece;
            }
        }
    }

    [Fact]
    public void Read_EndlessTrailersAndExtensions_AreRefused()
    {
        foreach (var endless in new[] { "1;" + new string('e', 5000), "0\r\n" + string.Concat(Enumerable.Repeat("X-T: 1\r\n", 70)),
            "0\r\nX-T: " + new string('t', 20_000) })
        {
            var body = new ChunkedBody();
            body.Reset();

            Assert.Equal(ParseStatus.Bad, body.Read(Encoding.ASCII.GetBytes(endless), out _));
        }
    }

    private static (byte[] Data, byte[] Left, ChunkedBody Body) Read(byte[] framed, int cut)
    {
        var body = new ChunkedBody();
        body.Reset();
        var data = new List<byte>();
        for (var at = 0; ;)
        {
            var window = framed.AsSpan(at, Math.Min(cut, framed.Length - at));
            var status = body.Read(window, out var consumed);
            Assert.NotEqual(ParseStatus.Bad, status);
            at += consumed;
            if (body.IsEnded)
            {
                return ([.. data], framed[at..], body);
            }

            var piece = (int)Math.Min(body.Available, window.Length - consumed);
            data.AddRange(window.Slice(consumed, piece));
            if (piece > 0)
            {
                body.Take(piece);
                at += piece;
            }
        }
    }
}
