using Gateway.Http.WebSockets;

namespace Gateway.Tests.Http.WebSockets;

public class WebSocketFramesTests
{
    // Hexadecimal, blanks for the eye: empty text, masked text, 126 and 127 lengths, ping, close.
    [Theory]
    [InlineData("8100", false)]
    [InlineData("8183000000006162638103616263", false)]
    [InlineData("8900 8800", true)]
    [InlineData("888200000000 03E9", true)]
    [InlineData("8103414243 88021000", true)]
    public void Take_WholeFramesByteByByte_EndsAtABoundary(string hex, bool closes)
    {
        var bytes = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        var frames = new WebSocketFrames();

        foreach (var value in bytes)
        {
            Assert.Equal(1, frames.Take([value]));
        }

        Assert.True(frames.IsAtBoundary);
        Assert.Equal(closes, frames.HasClosed);
    }

    [Theory]
    [InlineData(0x7E, 2, 300)]
    [InlineData(0x7F, 8, 70_000)]
    public void Take_LongFrame_StopsAtItsEnd(byte length, int lengthBytes, int payload)
    {
        var header = new byte[2 + lengthBytes];
        (header[0], header[1]) = (0x82, length);
        for (var i = 0; i < 4 && i < lengthBytes; i++)
        {
            header[^(i + 1)] = (byte)(payload >> (8 * i));
        }

        byte[] bytes = [.. header, .. new byte[payload], 0x81, 0x05, 1];
        var frames = new WebSocketFrames();

        Assert.Equal(header.Length + payload, frames.Take(bytes));
        Assert.True(frames.IsAtBoundary);
        frames.TakeAll(bytes.AsSpan(header.Length + payload));
        Assert.False(frames.IsAtBoundary);
    }
}
