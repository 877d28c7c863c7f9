using System.Net.Sockets;
using Gateway.Probing.Connections;

namespace Gateway.Tests.Probing;

public class ProbeFaultTests
{
    [Theory]
    [InlineData(SocketError.TooManyOpenSockets)]
    [InlineData(SocketError.NoBufferSpaceAvailable)]
    [InlineData(SocketError.AddressNotAvailable)]
    public void Explain_OwnShortage_SaysNothingOfTheDestination(SocketError error)
    {
        var result = ProbeFault.Explain(new SocketException((int)error), ProbeStage.Connect);

        Assert.False(result!.Value.Decides);
    }
}
