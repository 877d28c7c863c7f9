using Gateway.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Hosting;

public class DataRatesTests
{
    [Fact]
    public void Bind_RatesThatAreWritten_TakeThePlaceOfKestrels()
    {
        var limits = new KestrelServerLimits();
        var (request, response) = (limits.MinRequestBodyDataRate!, limits.MinResponseDataRate!);

        DataRates.Bind(
            new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Kestrel:Limits:MinRequestBodyDataRate:BytesPerSecond"] = "7",
                ["Kestrel:Limits:MinResponseDataRate:GracePeriod"] = "00:00:30",
            }).Build().GetSection("Kestrel:Limits"),
            limits);

        Assert.Equal((7, request.GracePeriod), (limits.MinRequestBodyDataRate!.BytesPerSecond, limits.MinRequestBodyDataRate.GracePeriod));
        Assert.Equal((response.BytesPerSecond, TimeSpan.FromSeconds(30)), (limits.MinResponseDataRate!.BytesPerSecond, limits.MinResponseDataRate.GracePeriod));
    }
}
